/** The action that changes a lead. */

import type { Bundle, Create, PlainInputField, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import * as customFields from './custom_fields.js';
import { outputFields, sample } from './lead.js';
import { bodyOf, toUpdate } from './lead_input.js';
import { call } from './server.js';

const lead: PlainInputField = {
  key: 'lead_id',
  label: 'Lead',
  type: 'integer',
  required: true,
  dynamic: 'lead_list.id.name',
  search: 'find_lead.id',
  helpText: 'The lead of a step before, such as a trigger or *Find Lead*.',
};

/** The group is asked for to know which custom fields there are; a lead never leaves its own. */
const written = toUpdate.filter((field) => field.key !== 'lead_group_id');

const perform = (z: ZObject, bundle: Bundle): Promise<components['schemas']['LeadBody']> => {
  const id = encodeURIComponent(String(bundle.inputData['lead_id']));
  return call(z, bundle, `/leads/${id}`, { method: 'PATCH', body: bodyOf(bundle.inputData, written) });
};

export const updateLead = {
  key: 'update_lead',
  noun: 'Lead',
  display: { label: 'Update Lead', description: 'Updates a lead that exists. Empty fields stay as they are.' },
  operation: {
    inputFields: [lead, ...toUpdate, customFields.toUpdate],
    perform,
    sample,
    outputFields: [...outputFields, customFields.toShow],
  },
} satisfies Create;
