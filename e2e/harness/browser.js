// Debian's Chromium, and a page that fails the test for whatever a person would not see.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const executablePath = process.env.LEADLATCH_CHROMIUM ?? '/usr/bin/chromium'
const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** The browser. */
export const launch = () => chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0 })

/** The widths and themes that every page is held to. */
export const looks = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 1280 },
  { theme: 'light', width: 360 },
  { theme: 'dark', width: 360 },
]

/**
 * A context of its own: no cookies of another person. `faults` collects errors of scripts, refusals of the
 * Content-Security-Policy and requests to other hosts; `close` asserts that there were none.
 */
export async function visitor(browser, base, { theme = 'light', width = 1280, script = true } = {}) {
  const height = width < 600 ? 780 : 900
  const context = await browser.newContext({
    baseURL: base,
    colorScheme: theme,
    javaScriptEnabled: script,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    viewport: { width, height },
  })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base })
  const faults = []
  context.on('console', (message) => {
    const expected = /status of (401|403|404|409|422|429)/.test(message.text())
    if (message.type() === 'error' && !expected) faults.push(message.text())
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) faults.push(`asked ${request.url()}`)
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const close = async () => {
    await context.close()
    assert.deepEqual(faults, [])
  }
  return { context, page, faults, close }
}
