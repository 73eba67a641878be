export class Listeners {
    /**
     * @param {string} type `*` for everything
     * @param {(event: any) => void} listener
     * @returns {() => void} takes it off
     */
    on(type: string, listener: (event: any) => void): () => void;
    /** @param {{type: string}} event */
    tell(event: {
        type: string;
    }): void;
    #private;
}
