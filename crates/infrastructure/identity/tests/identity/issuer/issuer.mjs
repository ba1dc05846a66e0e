// An issuer for tests, of node-oidc-provider. It listens on a free port of this machine, says on which, and ends with its
// standard input. ISSUER_MODULES names the folder of the package; ISSUER, if it is set, is what it says that it is.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(`${process.env.ISSUER_MODULES}/oidc-provider/lib/index.js`));

const kinds = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], ES384: ['ec', { namedCurve: 'P-384' }], EdDSA: ['ed25519', {}] };
const key = (kid, [kind, options], alg) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });

// Each kind of key under its own name; RS256's has no `alg`, so that it serves all algorithms of RSA.
const keysOf = (generation) => Object.entries(kinds).map(([alg, kind]) => key(`${alg}-${generation}`, kind, alg === 'RS256' ? undefined : alg));

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];

// A resource is `https://house.example/<algorithm>/<audience>`; what else the token says comes with the client's name.
const provide = (issuer, keys) => new Provider(issuer, {
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: algorithms },
  clients: [{ client_id: 'test', client_secret: 'test', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'read' }],
  scopes: ['read'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        const [alg, audience] = new URL(resource).pathname.slice(1).split('/');
        return { scope: 'read', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg } } };
      },
    },
  },
  extraTokenClaims: (ctx) => JSON.parse(ctx.get('x-claims') || '{}'),
});

const requests = {};
let generation = 1;
let keys = keysOf(generation);
let answer;
const server = createServer((request, response) => {
  const path = request.url;
  requests[path] = (requests[path] ?? 0) + 1;
  if (path === '/test/rotate') { keys = keysOf(++generation); answer = provide(issuer, keys).callback(); response.end(); }
  else if (path === '/test/requests') response.end(JSON.stringify(requests));
  else if (path === '/test/pem') response.end(createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }));
  else answer(request, response);
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const url = `http://127.0.0.1:${server.address().port}`;
const issuer = process.env.ISSUER || url;
answer = provide(issuer, keys).callback();
console.log(url);
process.stdin.on('end', () => process.exit(0)).resume();
