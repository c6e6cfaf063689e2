/** The search for leads by what is known of a person. */

import type { Bundle, PlainInputField, Search, ZObject } from 'zapier-platform-core';

import type { components } from './api.js';
import { outputFields, sample } from './lead.js';
import { call } from './server.js';

type Leads = components['schemas']['ListOf_LeadBody'];

/** Zapier uses the first; a few more let a person see that there are several. */
const MOST = 10;

const inputFields: PlainInputField[] = [
  { key: 'email', label: 'Email', type: 'string', helpText: 'Fill in at least one of the three.' },
  { key: 'phone', label: 'Phone', type: 'string', helpText: 'In national or international spelling.' },
  { key: 'reference', label: 'Reference', type: 'string' },
];

const perform = async (z: ZObject, bundle: Bundle): Promise<Leads['data']> => {
  const known = inputFields.map(({ key }) => [key, bundle.inputData[key]] as const).filter(([, value]) => value);
  if (known.length === 0) {
    // Without any, every lead would be found.
    throw new z.errors.Error('Fill in an email, a phone or a reference to search for.', 'InvalidData', 422);
  }
  const body = { ...Object.fromEntries(known), limit: MOST };
  return (await call<Leads>(z, bundle, '/leads/search', { method: 'POST', body })).data;
};

export const findLead = {
  key: 'find_lead',
  noun: 'Lead',
  display: { label: 'Find Lead', description: 'Finds the newest lead by email, phone or reference.' },
  operation: { inputFields, perform, sample, outputFields },
} satisfies Search;
