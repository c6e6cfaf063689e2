/** Testing a trigger: static for every key, and never anything of a live lead. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import App from '../src/index.js';
import { LIVE, appTester, build, bundle, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await build();
});
afterAll(() => world.leadlatch.stop());

const visible = Object.values(App.triggers as Record<string, any>).filter((one) => !one.display.hidden);
const list = async (trigger: any, key: World['full'], input: object = {}): Promise<any> => {
  const found = (await appTester(trigger.operation.performList, bundle(world, key, input))) as any[];
  expect(found.length).toBe(1);
  return found[0];
};

describe('testing a trigger', () => {
  it.each(visible)('$display.label shows nothing live', async (trigger) => {
    for (const key of [world.full, world.partner]) {
      for (const input of [{}, { lead_group_id: Number(world.loans) }]) {
        const before = await list(trigger, key, input);
        expect(JSON.stringify(before)).not.toMatch(LIVE);
        expect(JSON.stringify(trigger.operation.sample)).not.toMatch(LIVE);
        await world.leadlatch.lead(key, { email: 'livecanary.more@example.org', data: { data1: 'livecanary' } });
        expect(await list(trigger, key, input)).toEqual(before);
      }
    }
  });

  it.each(visible)('$display.label has the names of a live lead to a key of that kind', async (trigger) => {
    const full = await list(trigger, world.full);
    const partner = await list(trigger, world.partner);
    expect(Object.keys(full).sort()).toEqual([...Object.keys(world.leads.full), 'event_id'].sort());
    expect(Object.keys(partner).sort()).toEqual([...Object.keys(world.leads.partner), 'event_id'].sort());
  });

  it.each(visible)('$display.label falls back on what both kinds of key see', async (trigger) => {
    const { sample } = trigger.operation;
    const [full, partner] = [await list(trigger, world.full), await list(trigger, world.partner)];
    expect(sample).toEqual(partner);
    for (const name of Object.keys(sample)) expect(full, name).toHaveProperty(name);
  });

  it.each(visible)('$display.label shows the custom fields of the chosen group', async (trigger) => {
    const of = async (key: World['full']) => (await list(trigger, key, { lead_group_id: Number(world.loans) })).data;
    expect(Object.keys(await of(world.full)).length).toBe(8);
    expect(Object.keys(await of(world.partner))).not.toContain('data8');
    const labels = trigger.operation.outputFields.find((field: unknown) => typeof field === 'function');
    const shown = (await appTester(labels, bundle(world, world.full, { lead_group_id: Number(world.loans) }))) as any[];
    expect(shown.map((field) => field.key)).toEqual(Object.keys(await of(world.full)).map((key) => `data__${key}`));
    expect(shown[3]).toMatchObject({ key: 'data__data4', label: 'Loan Size' });
  });

  it.each(visible)('$display.label of a deleted key asks for a new connection', async (trigger) => {
    await expect(list(trigger, world.deleted)).rejects.toMatchObject({ name: 'ExpiredAuthError' });
  });

  it.each(visible)('$display.label bears a call without a delivery', async (trigger) => {
    expect(await appTester(trigger.operation.perform, bundle(world, world.full))).toEqual([]);
    const empty = { cleanedRequest: {} };
    expect(await appTester(trigger.operation.perform, bundle(world, world.full, {}, empty))).toEqual([]);
  });
});
