/** Live triggers: subscribe, a lead, the delivery, what the Zap is given, unsubscribe, and the end of a deleted key. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import App from '../src/index.js';
import type { Key } from './leadlatch.js';
import { Receiver, type Received } from './receiver.js';
import { ACME, appTester, build, bundle, liveLead, type World } from './world.js';

let world: World;
let receiver: Receiver;
beforeAll(async () => {
  world = await build();
});
afterAll(() => world.leadlatch.stop());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const triggers = App.triggers as Record<string, any>;
const run = (trigger: string, part: string, of: Key, input: object, more: object = {}): Promise<any> =>
  appTester(triggers[trigger].operation[part], bundle(world, of, input, more)) as Promise<any>;
const subscribe = (trigger: string, of: Key, input: object = {}) =>
  run(trigger, 'performSubscribe', of, input, { targetUrl: receiver.url });
const unsubscribe = (trigger: string, of: Key, subscribeData: { id: string }) =>
  run(trigger, 'performUnsubscribe', of, {}, { subscribeData });
/** What a Zap is given of a delivery: the platform hands its parsed body on. */
const perform = async (trigger: string, of: Key, { body, content }: Received): Promise<any> => {
  const [given] = await run(trigger, 'perform', of, {}, { cleanedRequest: body, rawRequest: { content } });
  return given;
};

const subscriptions = async (of: Key): Promise<any[]> =>
  ((await (await world.leadlatch.fetch('GET', '/hooks', of)).json()) as any).data;

/** The name of each member with the kind of what it holds; what is null tells no kind. */
const kinds = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (member === null) return [key, 'anything'];
      if (Array.isArray(member)) return [key, 'list'];
      return [key, typeof member === 'object' ? kinds(member as Record<string, unknown>) : typeof member];
    }),
  );

/** The kinds of a live value, with those of the sample where the live one tells none. */
const filledIn = (live: any, sample: any): any =>
  Object.fromEntries(
    Object.entries(live).map(([key, kind]) => {
      if (kind === 'anything') return [key, sample[key]];
      return [key, typeof kind === 'object' ? filledIn(kind, sample[key] ?? {}) : kind];
    }),
  );

describe.each([['full'], ['partner']] as const)('with a %s key', (kind) => {
  const key = () => world[kind];
  const live = (who: string) => liveLead(world.loans, who);

  it('a new lead arrives with the names and types of the sample', async () => {
    const input = { lead_group_id: Number(world.loans) };
    const subscribed = await subscribe('lead_created', key(), input);
    expect(subscribed).toEqual({ id: expect.stringMatching(/^\d+$/) });
    const made = await world.leadlatch.lead(key(), live(`hook${kind}`));
    const [delivery] = await receiver.wait(1);
    const given = await perform('lead_created', key(), delivery!);
    expect(given).toMatchObject({ id: made.id, firstname: `Livecanaryhook${kind}`, event_id: delivery!.body.id });
    expect(given).toEqual({ ...made, event_id: delivery!.body.id });
    const [sample] = await run('lead_created', 'performList', key(), input);
    // The sample holds every custom field of the group that the key reads; a lead those that it has.
    const { data1, data2, data3, data4, data5, data6, data7 } = sample.data;
    const sampled = kinds({ ...sample, data: { data1, data2, data3, data4, data5, data6, data7 } });
    expect(Object.keys(given)).toEqual(Object.keys(sample));
    expect(filledIn(kinds(given), sampled)).toEqual(sampled);
    const served = await world.leadlatch.fetch('GET', '/zapier/samples/lead.created', key());
    expect(Object.keys(delivery!.body)).toEqual(Object.keys((await served.json()) as object));
    await unsubscribe('lead_created', key(), subscribed);
  });

  it('a changed lead and a changed status arrive', async () => {
    const made = await world.leadlatch.lead(key(), live(`change${kind}`));
    const statuses = (await run('status_list', 'perform', key(), {})) as { id: number; name: string }[];
    const updated = await subscribe('lead_updated', key());
    await world.leadlatch.fetch('PATCH', `/leads/${made.id}`, key(), { firstname: 'Changed' });
    const [first] = await receiver.wait(1);
    expect(await perform('lead_updated', key(), first!)).toMatchObject({ id: made.id, firstname: 'Changed' });
    await unsubscribe('lead_updated', key(), updated);
    const changed = await subscribe('lead_status_changed', key());
    await world.leadlatch.fetch('PATCH', `/leads/${made.id}`, world.full, { status_id: statuses[1]!.id });
    const second = (await receiver.wait(2))[1]!;
    expect(second.body.type).toBe('lead.status_changed');
    const given = await perform('lead_status_changed', key(), second);
    expect(given).toMatchObject({ id: made.id, status_id: statuses[1]!.id, status: statuses[1]!.name });
    await unsubscribe('lead_status_changed', key(), changed);
  });

  it('nothing arrives after the Zap is switched off', async () => {
    const one = await subscribe('lead_created', key());
    const other = await subscribe('lead_created', key(), { lead_group_id: Number(world.loans) });
    expect((await subscriptions(key())).length).toBe(2);
    await unsubscribe('lead_created', key(), one);
    await unsubscribe('lead_created', key(), other);
    await unsubscribe('lead_created', key(), other);
    expect(await subscriptions(key())).toEqual([]);
    await world.leadlatch.lead(key(), live(`off${kind}`));
    await receiver.quiet();
  });

  it('a refusal that leaves the subscription alive is said', async () => {
    const distant = world.leadlatch.key(ACME, kind === 'partner' ? world.north : undefined);
    const subscribed = await subscribe('lead_created', distant);
    world.leadlatch.run('key', 'set', '--account', ACME, distant.id, '--ip', '192.0.2.0/24');
    await expect(unsubscribe('lead_created', distant, subscribed)).rejects.toThrow(/address/i);
    world.leadlatch.run('key', 'set', '--account', ACME, distant.id, '--no-ip');
    await unsubscribe('lead_created', distant, subscribed);
    expect(await subscriptions(distant)).toEqual([]);
  });

  it('a deleted key ends what was queued', async () => {
    const doomed = world.leadlatch.key(ACME, kind === 'partner' ? world.north : undefined);
    const subscribed = await subscribe('lead_created', doomed);
    receiver.status = 500;
    await world.leadlatch.lead(key(), live(`queued${kind}`));
    await receiver.wait(1);
    world.leadlatch.deleteKey(ACME, doomed);
    receiver.status = 200;
    // The next try would come within these seconds.
    await receiver.quiet(12_000);
    await expect(subscribe('lead_created', doomed)).rejects.toMatchObject({ name: 'ExpiredAuthError' });
    await expect(unsubscribe('lead_created', doomed, subscribed)).rejects.toMatchObject({ name: 'ExpiredAuthError' });
  });
});

describe('a Partner key', () => {
  it('is told of its own leads alone', async () => {
    const subscribed = await subscribe('lead_created', world.partner);
    await world.leadlatch.lead(world.full, liveLead(world.loans, 'notyours'));
    await receiver.quiet();
    await unsubscribe('lead_created', world.partner, subscribed);
  });
});

describe('a deleted key', () => {
  it.each(['lead_created', 'lead_updated', 'lead_status_changed'])('cannot subscribe to %s', async (trigger) => {
    await expect(subscribe(trigger, world.deleted)).rejects.toMatchObject({ name: 'ExpiredAuthError' });
  });
});
