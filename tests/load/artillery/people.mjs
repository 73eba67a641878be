// Users and partners with their tokens, for scenarios whose client connects before its first step (Socket.IO):
//
//   OTOMO_AUTH__HS256_SECRET=... node people.mjs 1000 > people.csv

import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { tokenOf } from './otomo.mjs';

/** What a row holds: `config.payload.fields` names them in the same order. */
export function people(count) {
  return Array.from({ length: count }, (_, number) => {
    const partner = `artillery-partner-${number}`;
    return [tokenOf(`artillery-user-${number}`, 'user'), partner, tokenOf(partner, 'user')];
  });
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of people(Number(argv[2] ?? 1000))) console.log(row.join(','));
}
