/** Actions and the search with every kind of key, and every refusal in words that a person can act on. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import App from '../src/index.js';
import { ACME, appTester, build, bundle, liveLead, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await build();
});
afterAll(() => world.leadlatch.stop());

type Key = World['full'];
const creates = App.creates as Record<string, any>;
const act = async (key: string, of: Key, input: object): Promise<any> =>
  appTester(creates[key].operation.perform, bundle(world, of, input));
const create = (of: Key, input: object) => act('create_lead', of, input);
const update = (of: Key, input: object) => act('update_lead', of, input);
const find = async (of: Key, input: object): Promise<any[]> =>
  (await appTester((App.searches as any).find_lead.operation.perform, bundle(world, of, input))) as any[];

/** What an error of the app says to the platform. */
const refusal = async (acting: Promise<unknown>): Promise<{ message: string; code?: string; status?: number }> => {
  const error = (await acting.then(
    () => undefined,
    (thrown: Error) => thrown,
  )) as Error;
  expect(error, 'it is refused').toBeDefined();
  expect(error.name).toBe('AppError');
  return JSON.parse(error.message);
};

describe('Create Lead', () => {
  it('creates a lead with its custom fields, and leaves empty boxes out', async () => {
    const { data, lead_group_id, ...person } = liveLead(world.loans, 'made');
    const filled = { ...person, lead_group_id, ...data, data3: 7.5, data6: true, title: '', user_id: '', dob: '1990-02-03T00:00:00+01:00' };
    const made = await create(world.full, filled);
    expect(made).toMatchObject({ lead_group_id, firstname: 'Livecanarymade', title: null, dob: '1990-02-03' });
    expect(made.data).toMatchObject({ data1: 'livecanary', data3: '7.5', data6: 'yes', data7: 'Blue' });
    const kept = await world.leadlatch.fetch('GET', `/leads/${made.id}`, world.full);
    expect(await kept.json()).toEqual(made);
  });

  it('makes a partner\'s lead its own', async () => {
    const made = await create(world.partner, { email: 'zap@example.org', data1: 'x' });
    expect(made).toMatchObject({ introducer_id: Number(world.north), email: 'zap@example.org' });
    expect(made).not.toHaveProperty('cost');
  });

  it('has a box for all that is written of a new lead', async () => {
    const document = (await (await fetch(`${world.leadlatch.base}/openapi.json`)).json()) as any;
    const written = Object.keys(document.components.schemas.LeadWrite.properties);
    const boxes = creates['create_lead'].operation.inputFields.map((field: any) => field.key);
    // A status is chosen by its number; custom fields have boxes of their own.
    expect(boxes.filter(Boolean).sort()).toEqual(written.filter((name) => name !== 'status' && name !== 'data').sort());
  });
});

describe('Update Lead', () => {
  it('changes what is filled in and nothing else', async () => {
    const { id } = await create(world.partner, { email: 'before@example.org', lastname: 'Kept', data1: 'x' });
    const changed = await update(world.partner, { lead_id: id, lead_group_id: Number(world.loans), firstname: 'Ann', data7: 'red', lastname: '' });
    expect(changed).toMatchObject({ id, firstname: 'Ann', lastname: 'Kept', data: { data1: 'x', data7: 'Red' } });
  });

  it('says of a lead out of reach what it says of none', async () => {
    const other = await create(world.full, { email: 'other@example.org' });
    const [foreign, missing] = [other.id, 999999].map((lead_id) => refusal(update(world.partner, { lead_id, firstname: 'x' })));
    expect(await foreign).toEqual(await missing);
    expect(await foreign).toMatchObject({ code: 'Forbidden', status: 403 });
    expect(await refusal(update(world.full, { lead_id: 999999, firstname: 'x' }))).toMatchObject({ code: 'NotFound', status: 404 });
  });
});

describe('Find Lead', () => {
  it('finds by email, phone and reference, for each key among its own', async () => {
    const { full, partner } = world.leads;
    for (const input of [{ email: full['email'] }, { reference: full['reference'], email: '' }]) {
      expect((await find(world.full, input)).map((lead) => lead.id)).toEqual([full.id]);
      expect(await find(world.partner, input), 'a missed search is no error').toEqual([]);
    }
    expect((await find(world.partner, { phone: '+442079460777' })).map((lead) => lead.id)).toContain(partner.id);
    expect((await find(world.full, { email: 'nobody@example.org' }))).toEqual([]);
  });

  it('asks for something to search by', async () => {
    expect(await refusal(find(world.full, { email: '' }))).toMatchObject({ code: 'InvalidData', status: 422 });
  });

  it('or creates', async () => {
    const { search, create: creating } = (App.searchOrCreates as any).find_lead;
    expect([search, creating]).toEqual(['find_lead', 'create_lead']);
    const input = { email: 'found.or.made@example.org' };
    expect(await find(world.partner, input)).toEqual([]);
    const made = await create(world.partner, { ...input, data1: 'x' });
    expect((await find(world.partner, input)).map((lead) => lead.id)).toEqual([made.id]);
  });
});

describe('a refusal', () => {
  it('of a deleted key asks for a new connection, whatever is done', async () => {
    const doing = [create(world.deleted, { email: 'a@b.example' }), update(world.deleted, { lead_id: 1 }), find(world.deleted, { email: 'a@b.example' })];
    for (const one of doing) await expect(one).rejects.toMatchObject({ name: 'ExpiredAuthError' });
  });

  it('for want of a scope names it, and leaves the connection alone', async () => {
    const narrow = world.leadlatch.key(ACME, world.north, ['create_leads']);
    const refused = await refusal(find(narrow, { email: 'a@b.example' }));
    expect(refused).toMatchObject({ code: 'Forbidden', status: 403, message: expect.stringMatching(/read_leads/) });
  });

  it('of a field that a Partner key may not use names it', async () => {
    const refused = await refusal(create(world.partner, { email: 'a@b.example', cost: 5 }));
    expect(refused).toMatchObject({ code: 'Forbidden', status: 403, message: expect.stringMatching(/cost/) });
  });

  it('of values names every field', async () => {
    const refused = await refusal(create(world.full, { email: 'nobody', phone1: 'x', lead_group_id: Number(world.loans), data7: 'Green', data4: 'much' }));
    expect(refused).toMatchObject({ code: 'InvalidData', status: 422 });
    for (const name of ['email', 'phone1', 'data.data7', 'data.data4']) expect(refused.message).toContain(name);
    expect(refused.message.length).toBeLessThanOrEqual(250);
  });

  it('of a duplicate stops the Zap without a failure', async () => {
    world.leadlatch.run('lead-group', 'set', '--account', ACME, '--lead-group', 'Loans', '--duplicates', 'all', '--duplicate-match', 'email', '--duplicate-outcome', 'refuse');
    const twice = { lead_group_id: Number(world.loans), email: 'twice@example.org', data1: 'x' };
    await create(world.partner, twice);
    await expect(create(world.partner, twice)).rejects.toMatchObject({ name: 'HaltedError' });
  });

  it('for too many requests says how long to wait', async () => {
    const limited = world.leadlatch.key(ACME);
    world.leadlatch.run('key', 'set', '--account', ACME, limited.id, '--rate', '1');
    await find(limited, { email: 'a@b.example' });
    const thrown = await find(limited, { email: 'a@b.example' }).catch((error: Error) => error);
    expect(thrown).toMatchObject({ name: 'ThrottledError' });
    const { delay } = JSON.parse((thrown as Error).message);
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(60);
  });
});
