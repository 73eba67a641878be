// The package as an app gets it: packed, and installed into an empty project.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { buildSync } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const PACKAGE = here('../../../web/client');
const MODULES = here('../node_modules');
const COMPILER = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

/** @returns {{filename: string, files: {path: string}[]}} what `npm pack` says of it */
export function packed(folder) {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: PACKAGE, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output)[0];
}

/** An empty project with the package in it. */
export class Project {
  home = mkdtempSync(join(tmpdir(), 'otomo-client-'));

  constructor() {
    this.write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }));
    const { filename } = packed(this.home);
    // Nothing is fetched: there are no dependencies.
    const quiet = ['--offline', '--no-audit', '--no-fund', '--silent'];
    execFileSync('npm', ['install', ...quiet, join(this.home, filename)], { cwd: this.home, stdio: 'pipe' });
  }

  write(name, text) {
    writeFileSync(join(this.home, name), text);
    return join(this.home, name);
  }

  read(name) {
    return readFileSync(join(this.home, name), 'utf8');
  }

  /** Makes packages of the tests' own there too. */
  lend(...names) {
    for (const name of names) symlinkSync(join(MODULES, name), join(this.home, 'node_modules', name));
  }

  /** @returns {{status: number, stdout: string}} */
  run(...args) {
    return spawnSync(process.execPath, args, { cwd: this.home, encoding: 'utf8' });
  }

  /**
   * @param {string[]} files
   * @param {Record<string, unknown>} [options] of the compiler
   * @returns {string} what it complains of; empty where it does not
   */
  check(files, options = {}) {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      module: 'nodenext',
      moduleResolution: 'nodenext',
      lib: ['es2023', 'dom', 'dom.iterable'],
      types: [],
      jsx: 'react-jsx',
      // Of the package's types nothing is left unchecked.
      skipLibCheck: false,
      ...options,
    };
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    return this.run(COMPILER, '-p', '.').stdout;
  }

  remove() {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** @returns {number} bytes of the package where a bundler makes it small: minified, gzip */
export function bundledBytes() {
  const { outputFiles } = buildSync({ entryPoints: [join(PACKAGE, 'src/index.js')], bundle: true, minify: true, format: 'esm', write: false });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/**
 * @param {string[]} files of the package
 * @returns {{from: string, path: string}[]} what of them is imported from outside of the package, in whatever form
 */
export function importedFromOutside(files) {
  const entryPoints = files.map((name) => join(PACKAGE, name));
  const { metafile } = buildSync({ entryPoints, bundle: true, packages: 'external', metafile: true, write: false, outdir: 'none' });
  return Object.entries(metafile.inputs).flatMap(([from, { imports }]) =>
    imports.filter(({ external, path }) => external || !resolve(path).startsWith(PACKAGE)).map(({ path }) => ({ from, path })),
  );
}

/** @returns {string[]} the code blocks of the package's README in a language */
export function blocks(language) {
  const text = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code);
}
