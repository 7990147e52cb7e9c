/**
 * Where the money ring's boxes and arrows stand, once for a wide page and once for a telephone.
 * A box with an `account` shows that account's balance; the others are people outside the books.
 * A pill sits on an arrow and shows what is in transit there. Units are those of the viewBox.
 */

const PEOPLE = { zh: "参合农户", en: "Households" };
const HOSPITALS = { zh: "定点医疗机构", en: "Hospitals" };

export const WIDE = {
  size: [1160, 452],
  boxes: [
    { x: 10, y: 178, w: 150, h: 96, outside: true, ...PEOPLE, note: "缴费 · 受益" },
    { x: 208, y: 28, w: 236, h: 104, account: "1009.01" },
    { x: 588, y: 28, w: 222, h: 104, account: "1003" },
    { x: 906, y: 166, w: 244, h: 120, account: "1002", main: true },
    { x: 588, y: 324, w: 222, h: 104, account: "1001.02" },
    { x: 208, y: 324, w: 236, h: 104, outside: true, ...HOSPITALS, note: "床旁先付,按月结算" },
    { x: 906, y: 22, w: 244, h: 76, outside: true, zh: "四级财政 · 资助方", en: "Subsidies and sponsors" },
  ],
  arrows: [
    { d: "M85 178V96Q85 80 101 80H204", label: ["缴费", 146, 70] },
    { d: "M444 80H584" },
    { d: "M810 80H852Q868 80 868 96V196Q868 212 884 212H902" },
    { d: "M1028 98V162", label: ["补助", 1050, 136] },
    { d: "M1028 286V360Q1028 376 1012 376H814" },
    { d: "M699 324V262Q699 246 715 246H902", back: true },
    { d: "M588 376H448", label: ["直付", 518, 366] },
    { d: "M208 376H101Q85 376 85 360V278", label: ["补偿", 146, 366] },
  ],
  pills: [
    { account: "1009.05", x: 514, y: 80 },
    { account: "1009.02", x: 868, y: 138 },
    { account: "1009.03", x: 914, y: 376 },
    { account: "1009.04", x: 790, y: 246 },
  ],
  heart: { x: 420, y: 228 },
};

export const NARROW = {
  size: [360, 824],
  boxes: [
    { x: 16, y: 8, w: 200, h: 66, outside: true, ...PEOPLE, note: "缴费 · 受益" },
    { x: 16, y: 112, w: 200, h: 90, account: "1009.01" },
    { x: 16, y: 266, w: 200, h: 90, account: "1003" },
    { x: 16, y: 434, w: 316, h: 96, account: "1002", main: true },
    { x: 16, y: 606, w: 316, h: 96, account: "1001.02" },
    { x: 16, y: 746, w: 200, h: 66, outside: true, ...HOSPITALS, note: "床旁先付,按月结算" },
    { x: 232, y: 266, w: 100, h: 90, outside: true, zh: "四级财政", en: "Subsidies and", note: "sponsors 资助方" },
  ],
  arrows: [
    { d: "M116 74V108", label: ["缴费", 140, 97] },
    { d: "M116 202V262" },
    { d: "M116 356V430" },
    { d: "M282 356V430", label: ["补助", 306, 398] },
    { d: "M90 530V602" },
    { d: "M262 606V534", back: true },
    { d: "M116 702V742", label: ["直付", 140, 728] },
    { d: "M216 779H334Q348 779 348 765V55Q348 41 334 41H220", label: ["补偿", 282, 32] },
  ],
  pills: [
    { account: "1009.05", x: 116, y: 231 },
    { account: "1009.02", x: 116, y: 392 },
    { account: "1009.03", x: 90, y: 566 },
    { account: "1009.04", x: 262, y: 566 },
  ],
  heart: { x: 282, y: 158 },
};
