/** The connection: which addresses are taken, what it is called, and what a person is told. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { help } from '../src/authentication.js';
import App from '../src/index.js';
import { origin } from '../src/server.js';
import { appTester, build, bundle, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await build();
});
afterAll(() => world.leadlatch.stop());

const test = App.authentication!.test as any;

describe('the server address', () => {
  it.each([
    ['https://leads.example.com', 'https://leads.example.com'],
    [' https://leads.example.com/ ', 'https://leads.example.com'],
    ['leads.example.com', 'https://leads.example.com'],
    ['https://leads.example.com:8443', 'https://leads.example.com:8443'],
  ])('%s is taken', (given, taken) => expect(origin(given)).toBe(taken));

  it.each([
    '',
    'http://leads.example.com',
    'https://leads.example.com/api/v1',
    'https://leads.example.com?x=1',
    'https://leads.example.com#x',
    'https://ann:secret@leads.example.com',
    'https://leads.example.com@evil.example',
    'ftp://leads.example.com',
    'https://127.0.0.1',
    'javascript:alert(1)',
    'https://',
  ])('%s is refused', (given) => expect(origin(given)).toBeUndefined());

  it('may be on this machine in tests alone', () => {
    expect(origin('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
    process.env['NODE_ENV'] = 'production';
    expect(origin('http://127.0.0.1:8080')).toBeUndefined();
    process.env['NODE_ENV'] = 'test';
  });
});

describe('the help beside the key', () => {
  it('is where whoever publishes the app says, or on the own server', () => {
    const text = String((App.authentication!.fields![1] as { helpText: string }).helpText);
    expect(text).toMatch(/\[How to connect\]\(https:\/\/leads\.example\.com\/help\/zapier\)$/);
    expect(help(undefined)).toMatch(/`\/help\/zapier`/);
    expect(help('')).toBe(help(undefined));
  });
});

describe('a connection', () => {
  it('is called by account, key and kind, and shows no secret', async () => {
    const full = await appTester(test, bundle(world, world.full));
    expect(full).toEqual({ accountName: 'acme', keyName: 'Zap of the office', kind: 'full' });
    const partner = await appTester(test, bundle(world, world.partner));
    expect(partner).toEqual({ accountName: 'acme', keyName: 'Zap of a partner', kind: 'partner' });
    const label = String(App.authentication!.connectionLabel);
    expect([...label.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name)).toEqual(Object.keys(full as object));
  });

  it('of a deleted key asks for a new one', async () => {
    const tested = appTester(test, bundle(world, world.deleted));
    await expect(tested).rejects.toMatchObject({ name: 'ExpiredAuthError', message: expect.stringMatching(/deleted/) });
  });

  it('takes a key with blanks around it', async () => {
    const around = { ...world.full, secret: ` ${world.full.secret}\n` };
    expect(await appTester(test, bundle(world, around))).toMatchObject({ kind: 'full' });
  });

  it('says which address it takes', async () => {
    const elsewhere = { authData: { server: 'http://leads.example.com', key: world.full.secret } };
    await expect(appTester(test, elsewhere)).rejects.toThrow(/https and the host alone/);
  });
});
