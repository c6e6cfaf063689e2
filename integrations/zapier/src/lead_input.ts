/** The boxes of a lead, and the body that is made of them. */

import type { PlainInputField } from 'zapier-platform-core';

import type { components } from './api.js';

type LeadWrite = components['schemas']['LeadWrite'];
type Name = Exclude<keyof LeadWrite, 'data' | 'status'>;
type Field = PlainInputField & { key: Name };

const FULL_KEYS = 'Full keys only: with a Partner key leave it empty.';

const id = (key: Name, label: string, list: string, more: Partial<Omit<PlainInputField, 'key'>> = {}): Field => ({
  key,
  label,
  type: 'integer',
  dynamic: `${list}.id.name`,
  ...more,
});

const text = (key: Name, label: string, helpText?: string): Field => ({
  key,
  label,
  type: 'string',
  ...(helpText ? { helpText } : {}),
});

const listed = (key: Name, label: string, list: string): Field => ({ ...text(key, label), dynamic: `${list}.id.name` });

const preference = (key: Name, label: string): Field => ({ ...text(key, label), choices: ['yes', 'no', 'unknown'] });

const money = (key: Name, label: string): Field => ({ key, label, type: 'number', helpText: FULL_KEYS });

/** The group decides which lead types and custom fields there are to choose from. */
const leadGroup = (helpText: string): Field =>
  id('lead_group_id', 'Lead Group', 'lead_group_list', { altersDynamicFields: true, helpText });

const leadType = id('lead_type_id', 'Lead Type', 'lead_type_list', { helpText: 'A product of the lead group.' });

const person: Field[] = [
  text('title', 'Title'),
  text('firstname', 'First Name'),
  text('lastname', 'Last Name'),
  text('email', 'Email', 'A lead needs an email, a phone, or an address with its postcode.'),
  text('phone1', 'Phone'),
  text('phone2', 'Second Phone'),
  text('company', 'Company'),
  text('jobtitle', 'Job Title'),
  text('address', 'Address'),
  text('address2', 'Address Line 2'),
  text('address3', 'Address Line 3'),
  text('towncity', 'Town or City'),
  text('postcode', 'Postcode'),
  text('fax', 'Fax'),
  { key: 'dob', label: 'Date of Birth', type: 'datetime' },
];

const work: Field[] = [
  id('status_id', 'Status', 'status_list'),
  text('reference', 'Reference'),
  listed('source', 'Source', 'source_list'),
  listed('medium', 'Medium', 'medium_list'),
  listed('term', 'Term', 'term_list'),
  money('cost', 'Cost'),
  money('value', 'Value'),
  id('user_id', 'User', 'user_list', { helpText: FULL_KEYS }),
  id('user_group_id', 'User Group', 'user_group_list', { helpText: FULL_KEYS }),
  id('site_id', 'Site', 'site_list', { helpText: FULL_KEYS }),
];

const consent: Field[] = [
  preference('contact_phone', 'Contact by Phone'),
  preference('contact_sms', 'Contact by SMS'),
  preference('contact_email', 'Contact by Email'),
  preference('contact_mail', 'Contact by Mail'),
  preference('contact_fax', 'Contact by Fax'),
  text('contact_time', 'Contact Time'),
  text('ip_address', 'IP Address'),
];

/** The boxes of a new lead. */
export const toCreate: Field[] = [
  leadGroup('Left empty, it is the default lead group. Choose one to see its own fields.'),
  leadType,
  ...person,
  ...work,
  id('introducer_id', 'Introducer', 'introducer_list', { helpText: 'Who supplied the lead.' }),
  ...consent,
  { key: 'test', label: 'Test Lead', type: 'boolean', helpText: 'A test lead is marked and erased after 7 days.' },
];

/** The boxes of a lead that is there. Its group stays; it is asked for to know which fields there are. */
export const toUpdate: Field[] = [
  leadGroup('The group of the lead, to see its own fields. It is not changed.'),
  leadType,
  ...person,
  ...work,
  ...consent,
];

const CUSTOM = /^data([1-9]|[1-4][0-9]|50)$/;

const isFilled = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** A lead's own fields and its custom ones out of what was filled in. */
export const bodyOf = (input: Record<string, unknown>, fields: readonly Field[]): Record<string, unknown> => {
  const filled = Object.entries(input).filter(([, value]) => isFilled(value));
  const names = new Set<string>(fields.map((field) => field.key));
  const body = Object.fromEntries(filled.filter(([key]) => names.has(key)));
  const data = Object.fromEntries(filled.filter(([key]) => CUSTOM.test(key)));
  // Zapier gives a moment in the person's own time zone: its day is the one that was meant.
  if (typeof body['dob'] === 'string') body['dob'] = body['dob'].slice(0, 'YYYY-MM-DD'.length);
  return Object.keys(data).length > 0 ? { ...body, data } : body;
};
