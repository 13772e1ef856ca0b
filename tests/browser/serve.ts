// Serves the built packages to a browser as they are: an ES module each, with bare imports spelled out, since workers know no
// import maps. The headers make the page cross-origin isolated, without which there is no shared memory.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const ROOT = new URL('../../', import.meta.url);
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Where a package's export lies, from the root of the repository. */
function pathOf(specifier: string): string {
  const [, name, ...rest] = specifier.split('/');
  const folder = `packages/${name}`;
  const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, ROOT), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  return `/${folder}/${manifest.exports[['.', ...rest].join('/')]!.default.slice(2)}`;
}

function moduleAt(path: string): string {
  const source = readFileSync(new URL(`.${path}`, ROOT), 'utf8');
  return source.replaceAll(/(?<=from ')@zsmalloc\/[^']+(?=')/g, pathOf);
}

/** Starts a server of the repository's JavaScript files, and an empty page for everything else. */
export async function serve(): Promise<{ server: Server; url: string }> {
  const server = createServer(({ url = '/' }, response) => {
    const isModule = /^\/(packages|tests\/browser)\/[\w./-]+\.m?js$/.test(url) && !url.includes('..');
    const type = isModule ? 'text/javascript' : 'text/html';
    response.writeHead(200, { ...HEADERS, 'content-type': type });
    response.end(isModule ? moduleAt(url) : '<!doctype html><title>pool</title>');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}
