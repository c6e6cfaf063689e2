// Pictures of every page and state, in every look, into an ignored folder: to be looked at.
import { mkdir } from 'node:fs/promises'
import { launch, looks, visitor } from './harness/browser.js'
import { open, outside, pagesOf } from './harness/pages.js'
import { busyAccount, newAccount, signIn } from './harness/world.js'

const folder = new URL('screenshots/', import.meta.url).pathname
const wanted = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const [browser, world, empty] = await Promise.all([launch(), busyAccount(), newAccount()])

async function shoot(base, look, places, prefix = '') {
  const { context, page } = await visitor(browser, base, look)
  for (const place of outside) await photograph(page, place, look, prefix)
  await signIn(page)
  for (const place of places) await photograph(page, place, look, prefix)
  await context.close()
}

async function photograph(page, place, { theme, width }, prefix) {
  if (wanted.length > 0 && !wanted.includes(prefix + place.name)) return
  await open(page, place)
  await page.screenshot({ path: `${folder}${prefix}${place.name}-${width}-${theme}.png`, fullPage: true })
}

for (const look of looks) {
  await shoot(world.server.base, look, pagesOf(world))
  const places = [{ name: 'home', path: '/' }, { name: 'keys', path: '/settings/configuration/access-keys' }, { name: 'partners', path: '/partners' }]
  await shoot(empty.base, look, places, 'empty-')
}
await Promise.all([browser.close(), world.server.stop(), empty.stop()])
console.log(folder)
