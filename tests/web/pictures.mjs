// Screenshots of what is on the page now: light and dark, on a phone and on a desktop.

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

export async function pictures(page, folder) {
  const written = [];
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [name, size] of Object.entries(SIZES)) {
      await page.setViewportSize(size);
      await page.waitForTimeout(150);
      const path = `${folder}/${scheme}-${name}.png`;
      await page.screenshot({ path, fullPage: true });
      written.push(path);
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  return written;
}
