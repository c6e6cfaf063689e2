/** The lists behind dropdowns: hidden triggers, as Zapier wants them. What a key may not read is an empty list. */

import type { Bundle, PollingTriggerPerform, Trigger, ZObject } from 'zapier-platform-core';

import type { components, paths } from './api.js';
import { call } from './server.js';

type Name = paths['/api/v1/zapier/dropdowns/{name}']['get']['parameters']['path']['name'];
type Entry = components['schemas']['DropdownEntry'];

const hidden = (key: string, noun: string, perform: (z: ZObject, bundle: Bundle) => Promise<Entry[]>) => ({
  key,
  noun,
  display: {
    label: `List of ${noun} Choices`,
    description: `Triggers when a dropdown of the field ${noun} is opened.`,
    hidden: true,
  },
  // A number is as good an id to the platform as a text; its types know of texts alone.
  operation: { type: 'polling', perform: perform as unknown as PollingTriggerPerform } as const,
});

const dropdown = (key: string, noun: string, name: Name, narrowed = false) =>
  hidden(key, noun, (z, bundle) => {
    const group = narrowed ? bundle.inputData['lead_group_id'] : undefined;
    return call<Entry[]>(z, bundle, `/zapier/dropdowns/${name}`, group ? { params: { lead_group_id: group } } : {});
  });

/** A list of leads would show live people to whoever edits a Zap: a lead comes from a step before, or is searched. */
const noLeads = hidden('lead_list', 'Lead', () => Promise.resolve([]));

const all = [
  dropdown('lead_group_list', 'Lead Group', 'lead_groups'),
  dropdown('lead_type_list', 'Lead Type', 'lead_types', true),
  dropdown('status_list', 'Status', 'statuses'),
  dropdown('user_list', 'User', 'users'),
  dropdown('user_group_list', 'User Group', 'user_groups'),
  dropdown('introducer_list', 'Introducer', 'introducers'),
  dropdown('partner_list', 'Partner', 'partners'),
  dropdown('source_list', 'Source', 'sources'),
  dropdown('medium_list', 'Medium', 'mediums'),
  dropdown('term_list', 'Term', 'terms'),
  dropdown('site_list', 'Site', 'sites'),
  noLeads,
];

export const dropdowns: Record<string, Trigger> = Object.fromEntries(all.map((one) => [one.key, one]));
