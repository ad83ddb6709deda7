/** What the shop sells, and how many of each it begins with. */
export const catalogue = [
  { sku: 'mug-blue', name: 'Mug, blue', priceMinor: 1_200, stock: 500 },
  { sku: 'mug-white', name: 'Mug, white', priceMinor: 1_100, stock: 500 },
  { sku: 'teapot', name: 'Teapot', priceMinor: 3_900, stock: 200 },
  { sku: 'bowl-large', name: 'Bowl, large', priceMinor: 2_450, stock: 300 },
  { sku: 'plate-small', name: 'Plate, small', priceMinor: 850, stock: 1_000 },
  { sku: 'vase-tall', name: 'Vase, tall', priceMinor: 5_400, stock: 100 },
  { sku: 'lamp-brass', name: 'Lamp, brass', priceMinor: 12_900, stock: 3 },
  { sku: 'clock-oak', name: 'Clock, oak', priceMinor: 8_700, stock: 0 },
] as const;

export const currency = 'EUR';
