// An issuer for tests, of node-oidc-provider. It listens on a free port of this machine, says on which, and ends with its
// standard input. ISSUER_MODULES names the folder of the package; ISSUER, if it is set, is what it says that it is; with
// ISSUER_KEY and ISSUER_CERTIFICATE, files in PEM, it speaks HTTPS.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(`${process.env.ISSUER_MODULES}/oidc-provider/lib/index.js`));

const kinds = {
  RSA: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  EdDSA: ['ed25519', {}],
};
const keysOf = (generation) => Object.entries(kinds).map(([name, [kind, options]]) => {
  // By way of PEM: exporting as JWK what was generated just before, Node.js 20 hung in one of a hundred starts.
  const pem = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } };
  const key = createPrivateKey(generateKeyPairSync(kind, { ...options, ...pem }).privateKey).export({ format: 'jwk' });
  return { ...key, kid: `${name}-${generation}`, alg: name === 'RSA' ? undefined : name, use: 'sig' };
});

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];

// A resource is `https://house.example/<algorithm>/<audience>`; what else the token says, or says otherwise, comes with the request.
const provide = (issuer, keys) => new Provider(issuer, {
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: algorithms },
  clients: [{
    client_id: 'test', client_secret: 'test', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  }],
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
  formats: {
    customizers: {
      jwt: (ctx, _, token) => {
        Object.assign(token.payload, JSON.parse(ctx.get('x-claims')));
        token.header = JSON.parse(ctx.get('x-header'));
      },
    },
  },
});

const requests = {};
let generation = 1;
let keys = keysOf(generation);
let answer;
const serve = (request, response) => {
  const path = request.url;
  requests[path] = (requests[path] ?? 0) + 1;
  if (path === '/test/rotate') {
    keys = keysOf(++generation);
    answer = provide(issuer, keys).callback();
    response.end();
  } else if (path === '/test/requests') {
    response.end(JSON.stringify(requests));
  } else if (path === '/test/pem') {
    response.end(createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }));
  } else {
    answer(request, response);
  }
};
const file = (name) => process.env[name] && readFileSync(process.env[name]);
const tls = { key: file('ISSUER_KEY'), cert: file('ISSUER_CERTIFICATE') };
const server = tls.key ? https.createServer(tls, serve) : http.createServer(serve);
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const url = `${tls.key ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
const issuer = process.env.ISSUER || url;
answer = provide(issuer, keys).callback();
console.log(url);
process.stdin.on('end', () => process.exit(0)).resume();
