import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

// Preloaded by the programs of peers: what they import by name is found in the folder the peer was
// installed to, and everything else where it always is.
const folder = pathToFileURL(`${process.env['PEER_FOLDER']}/`).href;
const names = new Set((process.env['PEER_PACKAGES'] ?? '').split(','));

registerHooks({
  resolve(specifier, context, nextResolve) {
    const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '';
    return nextResolve(specifier, names.has(name) ? { ...context, parentURL: folder } : context);
  },
});
