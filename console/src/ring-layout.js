/**
 * Where the money ring's boxes and arrows stand, once for a wide page and once for a telephone.
 * A box with an `account` shows that account's balance; the others are people outside the books.
 * A pill sits on an arrow and shows what is in transit there. Units are those of the viewBox.
 */

const PEOPLE = { zh: "参合农户", en: "Households" };
const HOSPITALS = { zh: "定点医疗机构", en: "Hospitals" };
const SOURCES = { zh: "四级财政 · 资助方", en: "Subsidies and sponsors" };

export const WIDE = {
  size: [1160, 452],
  boxes: [
    { x: 10, y: 178, w: 150, h: 96, outside: true, ...PEOPLE, note: "缴费 · 受益" },
    { x: 236, y: 34, w: 232, h: 92, account: "1009.01" },
    { x: 566, y: 34, w: 232, h: 92, account: "1003" },
    { x: 906, y: 166, w: 244, h: 120, account: "1002", main: true },
    { x: 566, y: 330, w: 232, h: 92, account: "1001.02" },
    { x: 236, y: 330, w: 232, h: 92, outside: true, ...HOSPITALS, note: "床旁先付,按月结算" },
    { x: 906, y: 22, w: 244, h: 76, outside: true, ...SOURCES },
  ],
  arrows: [
    { d: "M85 178V96Q85 80 101 80H232", label: ["缴费", 158, 70] },
    { d: "M468 80H562", label: ["上缴", 515, 70] },
    { d: "M798 80H834Q850 80 850 96V196Q850 212 866 212H902" },
    { d: "M1028 98V162", label: ["补助", 1050, 136] },
    { d: "M1028 286V360Q1028 376 1012 376H802" },
    { d: "M682 330V262Q682 246 698 246H902", back: true },
    { d: "M566 376H472", label: ["直付", 516, 366] },
    { d: "M236 376H101Q85 376 85 360V278", label: ["补偿", 158, 366] },
  ],
  pills: [
    { account: "1009.02", x: 850, y: 138 },
    { account: "1009.03", x: 900, y: 376 },
    { account: "1009.04", x: 770, y: 246 },
  ],
  heart: { x: 420, y: 228 },
};

export const NARROW = {
  size: [360, 770],
  boxes: [
    { x: 16, y: 8, w: 200, h: 62, outside: true, ...PEOPLE, note: "缴费 · 受益" },
    { x: 16, y: 112, w: 200, h: 80, account: "1009.01" },
    { x: 16, y: 234, w: 200, h: 80, account: "1003" },
    { x: 16, y: 398, w: 316, h: 88, account: "1002", main: true },
    { x: 16, y: 566, w: 316, h: 80, account: "1001.02" },
    { x: 16, y: 690, w: 200, h: 62, outside: true, ...HOSPITALS, note: "床旁先付,按月结算" },
    { x: 232, y: 234, w: 100, h: 80, outside: true, zh: "四级财政", en: "Subsidies,", note: "资助方 sponsors" },
  ],
  arrows: [
    { d: "M116 70V108", label: ["缴费", 140, 94] },
    { d: "M116 192V230", label: ["上缴", 140, 216] },
    { d: "M116 314V394" },
    { d: "M282 314V394", label: ["补助", 306, 358] },
    { d: "M90 486V562" },
    { d: "M262 566V490", back: true },
    { d: "M116 646V686", label: ["直付", 140, 671] },
    { d: "M216 721H334Q348 721 348 707V53Q348 39 334 39H220", label: ["补偿", 282, 30] },
  ],
  pills: [
    { account: "1009.02", x: 116, y: 354 },
    { account: "1009.03", x: 90, y: 524 },
    { account: "1009.04", x: 262, y: 524 },
  ],
  heart: { x: 282, y: 116 },
};
