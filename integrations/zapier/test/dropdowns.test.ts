/** Every dropdown with every kind of key: the server's own list, and an empty one where the key may not read. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import App from '../src/index.js';
import { FIELDS, LIVE, appTester, build, bundle, type World } from './world.js';

type Entry = { id: unknown; name: string };

let world: World;
beforeAll(async () => {
  world = await build();
});
afterAll(() => world.leadlatch.stop());

const triggers = App.triggers as Record<string, any>;
const hidden = Object.values(triggers).filter((one) => one.display.hidden);
const open = async (key: string, of: World['full'], input: object = {}): Promise<Entry[]> =>
  (await appTester(triggers[key].operation.perform, bundle(world, of, input))) as Entry[];
const names = async (key: string, of: World['full'], input: object = {}) =>
  (await open(key, of, input)).map((entry) => entry.name);

/** What each kind of key is shown; statuses are the same for both. */
const SHOWN: [string, string[], string[]][] = [
  ['lead_group_list', ['General', 'Loans'], ['Loans']],
  ['lead_type_list', ['Car', 'Other'], ['Car']],
  ['user_group_list', ['Sales'], []],
  ['user_list', [], []],
  ['introducer_list', ['North'], ['North']],
  ['partner_list', ['North'], ['North']],
  ['source_list', ['livecanary source'], []],
  ['medium_list', [], []],
  ['term_list', [], []],
  ['site_list', ['acme.example'], []],
  ['lead_list', [], []],
];

describe('a dropdown', () => {
  it.each(SHOWN)('%s shows what the key may read', async (key, full, partner) => {
    expect(await names(key, world.full)).toEqual(full);
    expect(await names(key, world.partner)).toEqual(partner);
  });

  it('of statuses is the full list for every key', async () => {
    const statuses = await open('status_list', world.full);
    expect(statuses.length).toBeGreaterThan(3);
    expect(await open('status_list', world.partner)).toEqual(statuses);
  });

  it('is known to these tests', () => {
    expect(hidden.map((one) => one.key).sort()).toEqual([...SHOWN.map(([key]) => key), 'status_list'].sort());
  });

  it('renders for every key and shows a Partner key nothing live', async () => {
    for (const { key } of hidden) {
      const entries = await open(key, world.partner);
      expect(new Set(entries.map((entry) => entry.id)).size, key).toBe(entries.length);
      expect(JSON.stringify(entries), key).not.toMatch(LIVE);
    }
  });

  it('of a deleted key asks for a new connection', async () => {
    for (const { key } of hidden.filter((one) => one.key !== 'lead_list')) {
      await expect(open(key, world.deleted), key).rejects.toMatchObject({ name: 'ExpiredAuthError' });
    }
  });

  it('of lead types follows the lead group', async () => {
    expect(await names('lead_type_list', world.full, { lead_group_id: Number(world.loans) })).toEqual(['Car']);
    expect(await names('lead_type_list', world.full, { lead_group_id: 999999 })).toEqual([]);
    expect(await names('lead_type_list', world.full, { lead_group_id: '' })).toEqual(['Car', 'Other']);
  });
});

describe('custom fields', () => {
  const fields = async (of: World['full'], action: any, group?: unknown): Promise<any[]> => {
    const dynamic = action.operation.inputFields.find((field: unknown) => typeof field === 'function');
    return (await appTester(dynamic, bundle(world, of, group === undefined ? {} : { lead_group_id: group }))) as any[];
  };
  const creates = App.creates as Record<string, any>;

  it('appear with their labels when a lead group is chosen', async () => {
    const found = await fields(world.full, creates['create_lead'], Number(world.loans));
    const labels = FIELDS.map((field) => field.split('=')[1]!.split(':')[0]);
    expect(found.map((field) => field.label)).toEqual(labels);
    expect(found.find((field) => field.key === 'data7').choices).toEqual(['Red', 'Blue']);
    expect(found.filter((field) => field.required).map((field) => field.key)).toEqual(['data1']);
  });

  it('are those of the key, and none of a group that it may not read', async () => {
    const found = await fields(world.partner, creates['create_lead'], Number(world.loans));
    expect(found.map((field) => field.label)).not.toContain('Margin');
    expect(found.length).toBe(FIELDS.length - 1);
    for (const group of [undefined, '', 999999, 'x']) expect(await fields(world.partner, creates['create_lead'], group)).toEqual([]);
  });

  it('need not be filled in to change a lead', async () => {
    const found = await fields(world.full, creates['update_lead'], Number(world.loans));
    expect(found.some((field) => field.required)).toBe(false);
  });

  it('ask for a new connection when the key is deleted', async () => {
    await expect(fields(world.deleted, creates['create_lead'], 1)).rejects.toMatchObject({ name: 'ExpiredAuthError' });
  });
});
