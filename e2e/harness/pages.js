// Every page and state that a person sees: what is held to axe, to the keyboard and to 360 px, and what is photographed.
const keys = '/settings/configuration/access-keys'

/** The pages of an account in use. `open` brings a page into a state. */
export function pagesOf({ north, full, zap, turning }) {
  const dialog = (name) => async (page) => {
    await page.getByRole('link', { name }).first().click()
    await page.getByRole('dialog').waitFor()
  }
  return [
    { name: 'home', path: '/' },
    { name: 'keys', path: keys },
    { name: 'keys-none-found', path: `${keys}?q=nothing-is-called-this` },
    { name: 'keys-deleted', path: `${keys}?status=deleted` },
    { name: 'keys-delete-dialog', path: keys, open: dialog('Delete Back office') },
    { name: 'key-add-full', path: `${keys}/add?kind=full` },
    { name: 'key-add-partner', path: `${keys}/add?kind=partner&partner=${north.id}` },
    { name: 'key-add-error', path: `${keys}/add?kind=full`, open: (page) => page.getByRole('button', { name: 'Create Key' }).last().click() },
    { name: 'key-full', path: `${keys}/${full.id}` },
    { name: 'key-partner', path: `${keys}/${zap.id}` },
    { name: 'key-rotating', path: `${keys}/${turning.id}` },
    { name: 'key-delete', path: `${keys}/${full.id}/delete` },
    { name: 'key-rotate', path: `${keys}/${full.id}/rotate` },
    { name: 'key-edit', path: `${keys}/${full.id}/edit` },
    { name: 'webhooks', path: '/settings/configuration/webhooks' },
    { name: 'partners', path: '/partners' },
    { name: 'partner', path: `/partners/${north.id}` },
    { name: 'partner-new', path: '/partners/new' },
    { name: 'partner-edit', path: `/partners/${north.id}/edit` },
    { name: 'partner-delete', path: `/partners/${north.id}/delete` },
    { name: 'settings', path: '/settings' },
    { name: 'users', path: '/settings/users' },
    { name: 'user-invite', path: '/settings/users/new' },
    { name: 'account', path: '/account' },
    { name: 'authenticator', path: '/account/authenticator' },
    { name: 'audit-trail', path: '/audit-trail' },
    { name: 'help', path: '/help' },
    { name: 'help-access', path: '/help/access' },
    { name: 'help-errors', path: '/help/errors' },
    { name: 'not-found', path: '/nothing-is-here' },
  ]
}

/** The pages before signing in. */
export const outside = [{ name: 'sign-in', path: '/sign-in' }]

/** Opens a page in its state. */
export async function open(page, { path, open: into }) {
  await page.goto(path)
  if (into) await into(page)
  await page.waitForLoadState('networkidle')
}
