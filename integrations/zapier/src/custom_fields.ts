/** The custom fields of a lead group, with the labels that its account gave them. */

import type { Bundle, PlainInputField, PlainOutputField, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import { callIfThere } from './server.js';

type LeadGroup = components['schemas']['LeadGroup'];
type GroupField = LeadGroup['fields'][number];

const TYPES = {
  text: 'string',
  long_text: 'text',
  number: 'number',
  currency: 'number',
  // Zapier would make a moment of it; a date has no time zone.
  date: 'string',
  yes_no: 'boolean',
  choice: 'string',
} as const satisfies Record<string, PlainInputField['type']>;

const typeOf = (field: GroupField): PlainInputField['type'] => TYPES[field.type as keyof typeof TYPES] ?? 'string';

const fieldsOf = async (z: ZObject, bundle: Bundle): Promise<GroupField[]> => {
  const group = bundle.inputData['lead_group_id'];
  if (!group) return [];
  const found = await callIfThere<LeadGroup>(z, bundle, `/lead-groups/${encodeURIComponent(String(group))}`);
  return found?.fields ?? [];
};

const input = (field: GroupField, creates: boolean): PlainInputField => ({
  key: field.key,
  label: field.label,
  type: typeOf(field),
  required: creates && field.required,
  ...(field.choices.length > 0 ? { choices: field.choices } : {}),
  ...(field.type === 'date' ? { helpText: 'A date such as `2026-01-31`.' } : {}),
});

/** The boxes of the chosen group's fields, for a new lead. */
export const toCreate = async (z: ZObject, bundle: Bundle): Promise<PlainInputField[]> =>
  (await fieldsOf(z, bundle)).map((field) => input(field, true));

/** The boxes of the chosen group's fields, for a lead that is there: none has to be filled in. */
export const toUpdate = async (z: ZObject, bundle: Bundle): Promise<PlainInputField[]> =>
  (await fieldsOf(z, bundle)).map((field) => input(field, false));

/** What later steps call the chosen group's fields. */
export const toShow = async (z: ZObject, bundle: Bundle): Promise<PlainOutputField[]> =>
  (await fieldsOf(z, bundle)).map((field) => ({ key: `data__${field.key}`, label: field.label, type: 'string' }));
