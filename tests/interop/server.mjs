// A real authorization server (npm oidc-provider) with its login and consent pages, and a small API
// behind its tokens. Says where it listens on stdout, ends when stdin closes.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

let ttl = Number(process.env.ACCESS_TOKEN_TTL ?? 3600);
const redirectUris = ['127.0.0.1', '[::1]', 'localhost'].flatMap((host) =>
  ['/', '/callback', '/oauth/callback'].map((path) => `http://${host}${path}`));

const native = {
  application_type: 'native',
  redirect_uris: redirectUris,
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
};

const claims = {
  sub: 'ada',
  name: 'Ada Lovelace',
  preferred_username: 'ada',
  email: 'ada@example.com',
  email_verified: true,
};

const signingKey = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg,
});

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    { ...native, client_id: 'hallpass-public', token_endpoint_auth_method: 'none' },
    {
      ...native,
      client_id: 'hallpass-basic',
      client_secret: 'a:b c%+/&=',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      ...native,
      client_id: 'hallpass-es256',
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'hallpass-machine',
      client_secret: 'machine-secret',
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  jwks: {
    keys: [
      signingKey('rsa', { modulusLength: 2048 }, 'RS256'),
      signingKey('ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ ...claims, sub: id }) }),
  cookies: { keys: [crypto.randomUUID()] },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true, allowedPolicy: () => true },
  },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read'],
  ttl: {
    AccessToken: () => ttl, ClientCredentials: () => ttl, AuthorizationCode: 60, IdToken: 600,
    DeviceCode: 600, Grant: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600,
  },
  clientBasedCORS: () => false,
});

const log = [];
const oidc = provider.callback();

// Token requests wait while this is a promise.
let held;
let release = () => {};

// What a test tells the server, by path.
const told = {
  '/test/log': () => JSON.stringify(log),
  '/test/hold': () => { held = new Promise((done) => { release = done; }); },
  '/test/release': () => { held = undefined; release(); },
  '/test/ttl': (value) => { ttl = Number(value); },
};

async function api(request, response) {
  const [, value] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const token = value && (await provider.AccessToken.find(value) ?? await provider.ClientCredentials.find(value));
  if (!token) {
    const error = value ? ', error="invalid_token"' : '';
    response.writeHead(401, { 'www-authenticate': `Bearer realm="api"${error}` });
    response.end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: token.accountId ?? token.clientId, scope: token.scope }));
}

server.on('request', (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  if (pathname in told) {
    response.end(told[pathname](searchParams.get('value')) ?? '');
    return;
  }
  log.push(`${request.method} ${pathname}`);
  if (pathname.startsWith('/api/')) {
    api(request, response).catch(() => response.destroy());
  } else if (pathname === '/token' && held) {
    held.then(() => oidc(request, response));
  } else {
    oidc(request, response);
  }
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
console.log(`ready ${issuer}`);
