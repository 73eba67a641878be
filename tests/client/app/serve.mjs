// Serves the small app beside a server in development mode, as a front end's own development server would:
//
//   (cd tests/client && npm ci)       once: it brings the compiler
//   node tests/client/app/serve.mjs [http://127.0.0.1:8080] [port]
//
// Then open /?user=taro in one tab and /?user=hana&role=otomo in another. What is not the app's own goes on to the server.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @param {string} [compiler] the path of `tsc`
 * @param {string} [project]
 * @returns {string} the app as browsers understand it
 * @throws {Error} with what the compiler does not accept
 */
export function compiled(compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc')), project = here('tsconfig.json')) {
  const out = mkdtempSync(join(tmpdir(), 'otomo-app-'));
  try {
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', out], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stdout);
    return readFileSync(join(out, 'app.js'), 'utf8');
  } finally {
    rmSync(out, { recursive: true });
  }
}

/**
 * @param {string} server where it is
 * @param {string} script the app
 * @param {number} [port] any free one by default
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function serve(server, script, port = 0) {
  const { hostname, port: far } = new URL(server);
  const own = { '/': ['text/html', readFileSync(here('index.html'))], '/app.js': ['text/javascript', script] };
  // The browser's own headers: to the server it is a page of the host that it asks for.
  const onward = ({ method, url, headers }) => send({ hostname, port: far, method, path: url, headers });
  const listener = createServer((request, response) => {
    const file = own[request.url.split('?')[0]];
    if (file !== undefined) return response.writeHead(200, { 'content-type': `${file[0]}; charset=utf-8` }).end(file[1]);
    const asked = onward(request);
    asked.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode, answer.rawHeaders)));
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    return request.pipe(asked);
  });
  listener.on('upgrade', (request, near) => {
    const asked = onward(request).end();
    asked.on('error', () => near.destroy());
    asked.on('response', () => near.destroy());
    asked.on('upgrade', ({ statusCode, statusMessage, rawHeaders }, distant, first) => {
      const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));
      near.write([`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, '', ''].join('\r\n'));
      near.write(first);
      for (const [from, to] of [[near, distant], [distant, near]]) {
        from.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
      }
    });
  });
  await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${listener.address().port}/`,
    close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [server = 'http://127.0.0.1:8080', port = '5173'] = argv.slice(2);
  const { url } = await serve(server, compiled(), Number(port));
  console.log(`${url}?user=taro and ${url}?user=hana&role=otomo`);
}
