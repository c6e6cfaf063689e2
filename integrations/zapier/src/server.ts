/** The person's own server: its address, and calls to it with the access key. */

import type { BeforeRequestMiddleware, Bundle, HttpRequestOptions, HttpResponse, ZObject } from 'zapier-platform-core';

import { explain } from './problem.js';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The origin that an address names; nothing for what is more or less than https and a host. */
export const origin = (address: string | undefined): string | undefined => {
  const text = (address ?? '').trim();
  const withScheme = text.includes('://') ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  // The tests of this app talk to a server on their own machine.
  const ofTests = url.protocol === 'http:' && LOOPBACK.has(url.hostname) && process.env['NODE_ENV'] === 'test';
  const secure = url.protocol === 'https:' && !LOOPBACK.has(url.hostname);
  const bare = url.href === `${url.origin}/` && !withScheme.includes('@');
  return bare && (secure || ofTests) ? url.origin : undefined;
};

const required = (z: ZObject, bundle: Bundle): string => {
  const found = origin(bundle.authData['server']);
  if (found) return found;
  const words = 'The server address is https and the host alone, such as https://leads.example.com.';
  throw new z.errors.Error(words, 'InvalidServerAddress', 422);
};

/** Shows the key to the server that it belongs to, and to nobody else. */
export const presentKey: BeforeRequestMiddleware = (request, _z, bundle) => {
  const own = origin(bundle.authData['server']);
  if (own && request.url.startsWith(`${own}/`)) {
    const key = (bundle.authData['key'] ?? '').trim();
    request.headers = { ...request.headers, Authorization: `Bearer ${key}` };
  }
  return request;
};

type Options = Omit<HttpRequestOptions, 'url' | 'raw'>;

const send = <T>(z: ZObject, bundle: Bundle, path: string, options: Options): Promise<HttpResponse<T>> =>
  // A redirect is not followed: it would take the key to an address that nobody gave.
  z.request<T>({ url: `${required(z, bundle)}/api/v1${path}`, redirect: 'manual', ...options });

/** What the server answers; a refusal is thrown in words that a person can act on. */
export const call = async <T>(z: ZObject, bundle: Bundle, path: string, options: Options = {}): Promise<T> =>
  (await send<T>(z, bundle, path, options)).data;

/** Deletes what may be gone already: that is as good. */
export const remove = async (z: ZObject, bundle: Bundle, path: string): Promise<void> => {
  const response = await send<{ denied_by?: string }>(z, bundle, path, { method: 'DELETE', skipThrowForStatus: true });
  // To a Partner key what is not there is out of its reach. Any other refusal leaves it alive, and is said.
  const gone = response.status === 404 || (response.status === 403 && response.data?.denied_by === 'partner');
  if (!gone) explain({ ...response, skipThrowForStatus: false }, z, bundle);
};

/** As `call`, but nothing where the key may not have it or where it is not there. */
export const callIfThere = async <T>(
  z: ZObject,
  bundle: Bundle,
  path: string,
  options: Options = {},
): Promise<T | undefined> => {
  const response = await send<T>(z, bundle, path, { ...options, skipThrowForStatus: true });
  if (response.status === 403 || response.status === 404) return undefined;
  return (explain({ ...response, skipThrowForStatus: false }, z, bundle) as HttpResponse<T>).data;
};
