/** An account with a lead group of every type of field, an outside company, live leads, and a key of each kind. */

import zapier, { type Bundle } from 'zapier-platform-core';

import App from '../src/index.js';
import { Leadlatch, type Key, type Lead } from './leadlatch.js';

export const ACME = 'acme';

/** A word in every field of every live lead. */
export const LIVE = /livecanary/i;

export const FIELDS = [
  'data1=Purpose:text:required',
  'data2=Story:long_text',
  'data3=Rooms:number',
  'data4=Loan Size:currency',
  'data5=Moving Day:date',
  'data6=Owner:yes_no',
  'data7=Colour:choice:choices=Red|Blue',
  'data8=Margin:currency:partner=none',
];

/** Runs a function of the app as the platform does. */
export const appTester = zapier.createAppTester(App);

export type World = {
  leadlatch: Leadlatch;
  full: Key;
  partner: Key;
  deleted: Key;
  loans: string;
  north: string;
  /** The live lead of each kind of key. */
  leads: { full: Lead; partner: Lead };
};

export const liveLead = (loans: string, who: string) => ({
  lead_group_id: Number(loans),
  firstname: `Livecanary${who}`,
  lastname: 'Livecanary',
  company: 'Livecanary Ltd',
  jobtitle: 'Livecanary',
  title: 'Livecanary',
  address: '1 Livecanary Road',
  address2: 'Livecanary',
  address3: 'Livecanary',
  towncity: 'Livecanary',
  postcode: 'W1 1AA',
  email: `livecanary${who}@example.org`,
  phone1: '020 7946 0777',
  phone2: '07700 900777',
  fax: '020 7946 0778',
  dob: '1990-02-03',
  reference: `livecanary-${who}`,
  source: 'livecanary source',
  contact_time: 'Livecanary',
  data: { data1: 'livecanary', data2: 'livecanary', data3: '7', data4: '77.00', data5: '2027-07-07', data6: 'no', data7: 'Blue' },
});

const settings = (leadlatch: Leadlatch): { loans: string; north: string } => {
  const add = (...line: string[]) => leadlatch.run(...line, '--account', ACME);
  const fields = FIELDS.flatMap((field) => ['--field', field]);
  const loans = String(add('lead-group', 'create', '--name', 'Loans', ...fields).id);
  add('lead-type', 'create', '--lead-group', 'Loans', '--name', 'Car');
  add('lead-type', 'create', '--lead-group', 'General', '--name', 'Other');
  add('site', 'create', '--name', 'acme.example');
  add('user-group', 'create', '--name', 'Sales');
  const company = ['--kind', 'both', '--company', 'North', '--link-lead-group', 'Loans'];
  return { loans, north: String(add('partner', 'create', ...company).id) };
};

export const build = async (): Promise<World> => {
  const leadlatch = await Leadlatch.start(ACME);
  const { loans, north } = settings(leadlatch);
  const [full, partner, deleted] = [leadlatch.key(ACME), leadlatch.key(ACME, north), leadlatch.key(ACME, north)];
  leadlatch.deleteKey(ACME, deleted);
  const leads = {
    full: await leadlatch.lead(full, { ...liveLead(loans, 'full'), cost: '7.00', value: '9.00' }),
    partner: await leadlatch.lead(partner, liveLead(loans, 'partner')),
  };
  return { leadlatch, full, partner, deleted, loans, north, leads };
};

/** The bundle of a person who connected with a key and filled some boxes in. */
export const bundle = (world: World, key: Key, inputData: object = {}, more: Partial<Bundle> = {}) => ({
  authData: { server: world.leadlatch.base, key: key.secret } as Record<string, string>,
  inputData: { ...inputData },
  ...more,
});
