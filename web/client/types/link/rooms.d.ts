export class Rooms {
    /**
     * @param {object} parts
     * @param {(type: string, fields: Record<string, any>) => Promise<any>} parts.request
     * @param {(event: {type: 'room_left', room: string, reason: string}) => void} parts.left
     */
    constructor(parts: {
        request: (type: string, fields: Record<string, any>) => Promise<any>;
        left: (event: {
            type: "room_left";
            room: string;
            reason: string;
        }) => void;
    });
    /**
     * A command was answered.
     * @param {string} type
     * @param {Record<string, any>} fields
     */
    done(type: string, fields: Record<string, any>): void;
    /** @param {any} event */
    take(event: any): void;
    /** Whoever says goodbye is in no room any more. */
    forget(): void;
    #private;
}
