/** What starts a Zap: hooks of the server. Testing one shows the server's static sample, never a live lead. */

import type { Bundle, PlainInputField, Trigger, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import * as customFields from './custom_fields.js';
import { outputFields, sample } from './lead.js';
import { call, remove } from './server.js';

type Delivery = components['schemas']['Delivery'];

const leadGroup: PlainInputField = {
  key: 'lead_group_id',
  label: 'Lead Group',
  type: 'integer',
  dynamic: 'lead_group_list.id.name',
  altersDynamicFields: true,
  helpText: 'Only leads of this group. Left empty, leads of every group.',
};

const leadType: PlainInputField = {
  key: 'lead_type_id',
  label: 'Lead Type',
  type: 'integer',
  dynamic: 'lead_type_list.id.name',
  helpText: 'Only leads of this type.',
};

const status: PlainInputField = {
  key: 'status_id',
  label: 'Status',
  type: 'integer',
  dynamic: 'status_list.id.name',
  helpText: 'Only leads that are given this status.',
};

/** A step of a Zap is given the lead, with the id that stays the same each time that the event is delivered. */
const handOn = (delivery: Delivery): object => ({ ...delivery.data, event_id: delivery.id });

const isDelivery = (sent: unknown): sent is Delivery =>
  typeof sent === 'object' && sent !== null && 'id' in sent && 'data' in sent;

const perform = (_z: ZObject, bundle: Bundle): object[] =>
  isDelivery(bundle.cleanedRequest) ? [handOn(bundle.cleanedRequest)] : [];

const performUnsubscribe = async (z: ZObject, bundle: Bundle): Promise<object> => {
  const id = encodeURIComponent(String(bundle.subscribeData?.id));
  await remove(z, bundle, `/hooks/${id}`);
  return {};
};

const trigger = (
  event: Delivery['type'],
  key: string,
  label: string,
  description: string,
  filters: readonly PlainInputField[],
) => {
  const performSubscribe = async (z: ZObject, bundle: Bundle): Promise<{ id: string }> => {
    const chosen = filters.map((field) => [field.key, bundle.inputData[field.key]] as const);
    const filter = Object.fromEntries(chosen.filter(([, value]) => value));
    const body = { target_url: bundle.targetUrl, events: [event], filter };
    const { id } = await call<{ id: number }>(z, bundle, '/hooks', { method: 'POST', body });
    return { id: String(id) };
  };
  const performList = async (z: ZObject, bundle: Bundle): Promise<object[]> => {
    const group = bundle.inputData['lead_group_id'];
    const params = group ? { lead_group_id: group } : {};
    return [handOn(await call<Delivery>(z, bundle, `/zapier/samples/${event}`, { params }))];
  };
  return {
    key,
    noun: 'Lead',
    display: { label, description },
    operation: {
      type: 'hook',
      inputFields: [...filters],
      perform,
      performList,
      performSubscribe,
      performUnsubscribe,
      sample: { ...sample, event_id: `evt_sample_${key}` },
      outputFields: [...outputFields, { key: 'event_id', label: 'Event', type: 'string' }, customFields.toShow],
    },
  } satisfies Trigger;
};

const filters = [leadGroup, leadType];

export const leadCreated = trigger(
  'lead.created',
  'lead_created',
  'Lead Created',
  'Triggers when a new lead is created, or referred to the partner whose key this is.',
  filters,
);

export const leadUpdated = trigger(
  'lead.updated',
  'lead_updated',
  'Lead Updated',
  'Triggers when a lead is changed.',
  filters,
);

export const leadStatusChanged = trigger(
  'lead.status_changed',
  'lead_status_changed',
  'Lead Status Changed',
  'Triggers when a lead is given another status.',
  [...filters, status],
);
