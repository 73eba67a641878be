// Every page that there is.

import { SCENES as ADMIN } from './admin.mjs';
import { SCENES as DEMO } from './demo.mjs';

export const SCENES = [...DEMO, ...ADMIN];
