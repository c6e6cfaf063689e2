// Pictures of every page and state, in every look, into an ignored folder: to be looked at.
import { mkdir } from 'node:fs/promises'
import { launch, looks, visitor } from './harness/browser.js'
import { everyPlace, open } from './harness/pages.js'
import { busyAccount, newAccount, signIn } from './harness/world.js'

const folder = new URL('screenshots/', import.meta.url).pathname
const wanted = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const [browser, world, empty] = await Promise.all([launch(), busyAccount(), newAccount()])

async function photograph(page, place, { theme, width }) {
  if (wanted.length > 0 && !wanted.includes(place.name)) return
  await open(page, place)
  await page.screenshot({ path: `${folder}${place.name}-${width}-${theme}.png`, fullPage: true })
}

const emptyPlaces = [
  { name: 'empty-home', path: '/' },
  { name: 'empty-keys', path: '/settings/configuration/access-keys' },
  { name: 'empty-partners', path: '/partners' },
]

for (const look of looks) {
  await everyPlace(browser, world, look, (page, place) => photograph(page, place, look))
  const { context, page } = await visitor(browser, empty.base, look)
  await signIn(page)
  for (const place of emptyPlaces) await photograph(page, place, look)
  await context.close()
}
await Promise.all([browser.close(), world.server.stop(), empty.stop()])
console.log(folder)
