// Every page that there is, in the order in which they are shown.

import { SCENES as ADMIN } from './admin.mjs';
import { SCENES as DEMO } from './demo.mjs';

/** @type {import('./take.mjs').Scene[]} */
export const SCENES = [...DEMO, ...ADMIN];
