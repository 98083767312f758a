// What if: the answer of this page worked out again under other assumptions, by the arithmetic of `metastats` and the
// rules of `certainty.yaml`, which the page holds as data. Without this script the page shows the default alone.
"use strict";
(() => {
// Distributions.
const sum = list => list.reduce((all, one) => all + one, 0);
const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
const logGamma = x => {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5, series = LANCZOS.reduce((all, c, i) => i ? all + c / (x + i - 1) : c, 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
};
// The regularised incomplete beta function by its continued fraction (Lentz).
const beta = (x, y, a, b) => { // y is 1 - x, which may be too near 1 to be subtracted
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - beta(y, x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), value = d;
  for (let m = 1; m < 3000; m++) {
    const two = a + 2 * m, even = m * (b - m) * x / ((two - 1) * two), odd = -(a + m) * (a + b + m) * x / (two * (two + 1));
    d = 1 / (1 + even * d); c = 1 + even / c; value *= d * c;
    d = 1 / (1 + odd * d); c = 1 + odd / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * value;
};
const phi = x => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
// The normal distribution: a series near 0, a continued fraction in the tails.
const normal = x => {
  const z = Math.abs(x);
  if (z > 38) return x > 0 ? 1 : 0;
  if (z < 3) {
    let term = z, all = z;
    for (let i = 3; term > 1e-17 * all; i += 2) all += term *= z * z / i;
    return 0.5 + Math.sign(x) * phi(z) * all;
  }
  let tail = z;
  for (let i = z < 5 ? 60 : 24; i; i--) tail = z + i / tail;
  return x > 0 ? 1 - phi(z) / tail : phi(z) / tail;
};
const tTail = (t, df) => beta(df / (df + t * t), t * t / (df + t * t), df / 2, 0.5); // of both sides
const tDensity = (t, df) => Math.exp(logGamma((df + 1) / 2) - logGamma(df / 2) - 0.5 * Math.log(df * Math.PI) - (df + 1) / 2 * Math.log1p(t * t / df));
// Where a rising function is 0: Newton's method within a bracket, halved where that fails.
const root = (f, slope, low, high) => {
  const least = 1e-14 * (high - low);
  let x = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const y = f(x);
    if (y > 0) high = x; else low = x;
    const next = x - y / slope(x), moved = next >= low && next <= high ? next : (low + high) / 2;
    if (Math.abs(moved - x) <= least) return moved;
    x = moved;
  }
  return x;
};
const criticals = new Map();
const critical = (level, df) => {
  if (df !== null && !(df > 0)) return NaN;
  const key = `${level} ${df}`;
  if (!criticals.has(key)) {
    const missed = df === null ? x => 2 * normal(x) - 1 - level : x => 1 - level - tTail(x, df);
    let high = 2;
    while (missed(high) < 0) high *= 2;
    criticals.set(key, root(missed, df === null ? x => 2 * phi(x) : x => 2 * tDensity(x, df), 0, high));
  }
  return criticals.get(key);
};

// Pooling: the sums at one tau2, as in `metastats.heterogeneity`.
const at = (y, v, tau2) => {
  const w = v.map(one => 1 / (one + tau2)), W = sum(w), estimate = sum(y.map((one, i) => w[i] * one)) / W;
  const residual = y.map(one => one - estimate), py = residual.map((one, i) => one * w[i]), w2 = sum(w.map(one => one * one)), wpy = py.map((one, i) => one * w[i]);
  const share = w2 / W;
  return { w, W, w2, estimate, q: sum(py.map((one, i) => one * residual[i])), ypp: sum(py.map(one => one * one)),
    yppp: sum(wpy.map((one, i) => one * py[i])) - sum(wpy) ** 2 / W, traceP: W - share,
    tracePP: w2 - 2 * sum(w.map(one => one ** 3)) / W + share * share };
};
const qRoot = (y, v) => {
  let tau2 = 0;
  const df = y.length - 1, floor = Math.min(...v);
  for (let i = 0; i < 200; i++) {
    const { q, ypp } = at(y, v, tau2), moved = ypp > 0 ? Math.max(tau2 + (q / df - 1) * q / ypp, 0) : 0;
    const done = Math.abs(moved - tau2) <= 1e-12 * (moved + floor);
    tau2 = moved;
    if (done) break;
  }
  return tau2;
};
const spreadOf = y => { const mean = sum(y) / y.length; return sum(y.map(one => (one - mean) ** 2)); };
const likelihoodRoot = (y, v, restricted) => {
  const k = y.length, s2 = spreadOf(y) / (restricted ? k - 1 : k), floor = Math.min(...v);
  const bound = 0.5 * (s2 + Math.sqrt(s2 * s2 + 4 * s2 * (Math.max(...v) - floor))), ratio = Math.max(bound * (1 + 1e-9) / floor, 1);
  const points = Math.trunc(Math.min(Math.max(6, 2 + Math.log2(ratio)), 64));
  const grid = Array.from({ length: points }, (_, i) => i ? floor * (ratio ** (i / (points - 1)) - 1) : 0);
  const slope = p => p.ypp - (restricted ? p.traceP : p.W), slopes = grid.map(t => slope(at(y, v, t)));
  const found = [];
  slopes.slice(1).forEach((fall, i) => {
    if (!(slopes[i] > 0 && fall <= 0)) return;
    let low = grid[i], high = grid[i + 1], tau2 = low + (high - low) * slopes[i] / (slopes[i] - fall);
    for (let n = 0; n < 200; n++) {
      const p = at(y, v, tau2), first = 0.5 * slope(p), second = 0.5 * (restricted ? p.tracePP : p.w2) - p.yppp;
      if (first > 0) low = tau2; else high = tau2;
      let next = second < 0 ? tau2 - first / second : -1, near;
      if (next >= low && next <= high) near = Math.abs(next - tau2) <= 1e-12 * (next + floor);
      else { next = 0.5 * (low + high); near = high - low <= 4e-16 * (high + floor); }
      tau2 = next;
      if (near) break;
    }
    found.push(tau2);
  });
  if (slopes[0] <= 0 || !found.length) found.push(0);
  const height = t => { const p = at(y, v, t); return 0.5 * (sum(p.w.map(Math.log)) - p.q - (restricted ? Math.log(p.W) : 0)); };
  return found.reduce((best, t) => height(t) > height(best) ? t : best);
};
const ESTIMATORS = {
  EE: () => 0,
  DL: (y, v) => { const p = at(y, v, 0); return (p.q - (y.length - 1)) / p.traceP; },
  HE: (y, v) => (spreadOf(y) - sum(v) * (1 - 1 / y.length)) / (y.length - 1),
  HS: (y, v) => { const p = at(y, v, 0); return (p.q - y.length) / p.W; },
  SJ: (y, v) => { const start = spreadOf(y) / y.length; return start ? start * at(y, v, start).q / (y.length - 1) : 0; },
  ML: (y, v) => likelihoodRoot(y, v, false), REML: (y, v) => likelihoodRoot(y, v, true), EB: qRoot, PM: qRoot,
};
const pool = (y, v, method = "REML", test = "z", level = 0.95) => {
  const k = y.length, tau2 = k > 1 ? Math.max(ESTIMATORS[method](y, v), 0) : 0, p = at(y, v, tau2), fixed = at(y, v, 0), df = k - 1;
  const factor = test === "z" || !df ? 1 : test === "knha" ? p.q / df : Math.max(p.q / df, 1), se = Math.sqrt(factor / p.W);
  const half = critical(level, test === "z" || !df ? null : df) * se, wide = df ? critical(level, df) * Math.sqrt(tau2 + se * se) : NaN;
  const typical = df / fixed.traceP;
  return { k, tau2, se, estimate: p.estimate, ci_lower: p.estimate - half, ci_upper: p.estimate + half, pi_lower: p.estimate - wide, pi_upper: p.estimate + wide,
    i2: !df ? 0 : 100 * (method === "EE" ? Math.max(0, (fixed.q - df) / fixed.q) : tau2 / (tau2 + typical)), q: fixed.q, weights: p.w.map(one => 100 * one / p.W) };
};

// Bayes: integrated in log(tau) over 128 panels of 16 Gauss-Legendre nodes, as in `metastats.bayes`.
const NODES = (() => {
  const found = [];
  for (let i = 0; i < 16; i++) {
    let x = Math.cos(Math.PI * (i + 0.75) / 16.5), slope = 1;
    for (let n = 0; n < 20; n++) {
      let a = 1, b = x;
      for (let j = 2; j <= 16; j++) [a, b] = [b, ((2 * j - 1) * x * b - (j - 1) * a) / j];
      slope = 16 * (x * b - a) / (x * x - 1);
      x -= b / slope;
    }
    found.push([x, 2 / ((1 - x * x) * slope * slope)]);
  }
  return found;
})();
const bayes = (yi, v, scale, level = 0.95) => {
  const centre = sum(yi) / yi.length, y = yi.map(one => one - centre);
  const given = tau => {
    let W = 0, Wy = 0, fit = 0;
    for (let i = 0; i < y.length; i++) { const w = 1 / (v[i] + tau * tau); W += w; Wy += w * y[i]; fit -= Math.log(w); }
    const mean = Wy / W;
    for (let i = 0; i < y.length; i++) fit += (y[i] - mean) ** 2 / (v[i] + tau * tau);
    return { tau, mean, variance: 1 / W, log: -0.5 * (tau / scale) ** 2 - 0.5 * (fit + Math.log(W)) };
  };
  const scales = [scale, Math.sqrt(Math.min(...v)), Math.sqrt(Math.max(...v))], range = Math.max(...y) - Math.min(...y);
  if (range > 0) scales.push(range);
  let low = Math.log(Math.min(...scales)) - 80, high = Math.log(Math.max(...scales)) + 80, top;
  for (;;) {
    const x = Array.from({ length: 257 }, (_, i) => low + (high - low) * i / 256), heights = x.map(one => given(Math.exp(one)).log + one);
    top = Math.max(...heights);
    const inside = heights.map((one, i) => one > top - 80 ? i : -1).filter(i => i >= 0);
    const from = x[Math.max(inside[0] - 1, 0)], to = x[Math.min(inside[inside.length - 1] + 1, 256)], enough = to - from > 0.7 * (high - low);
    [low, high] = [from, to];
    if (enough) break;
  }
  const all = [], half = (high - low) / 256;
  for (let i = 0; i < 128; i++) for (const [x, weight] of NODES) {
    const place = low + half * (2 * i + 1 + x), one = given(Math.exp(place));
    all.push({ ...one, mass: weight * Math.exp(one.log + place - top) });
  }
  const total = sum(all.map(one => one.mass)), nodes = all.filter(one => one.mass > 1e-15 * total);
  const marginal = sd => {
    const parts = nodes.map(one => [one.mass / total, one.mean, sd(one)]);
    const cdf = x => { let value = 0; for (const [w, m, s] of parts) value += w * normal((x - m) / s); return value; };
    const density = x => { let value = 0; for (const [w, m, s] of parts) value += w * phi((x - m) / s) / s; return value; };
    const mean = sum(parts.map(([w, m]) => w * m)), spread = sum(parts.map(([w, , s]) => w * s)) + 1e-300;
    const quantile = q => {
      let a = mean - spread, b = mean + spread, step = spread;
      while (cdf(a) > q) a -= step *= 2;
      while (cdf(b) < q) b += step *= 2;
      return centre + root(x => cdf(x) - q, density, a, b);
    };
    return { median: quantile(0.5), lower: quantile((1 - level) / 2), upper: quantile((1 + level) / 2),
      sd: Math.sqrt(sum(parts.map(([w, m, s]) => w * (s * s + (m - mean) ** 2)))) };
  };
  return { mu: marginal(one => Math.sqrt(one.variance)), predictive: marginal(one => Math.sqrt(one.variance + one.tau ** 2)) };
};

// Numbers in words, as `helpers.formats` shows them: rounded half to even, a real minus sign.
const fixed = (value, digits) => {
  const exact = Math.abs(value).toFixed(Math.min(digits + 60, 100)), cut = exact.length - Math.min(digits + 60, 100) + digits;
  const rest = exact.slice(cut).replace(/^\./, ""), kept = digits ? exact.slice(0, cut) : exact.split(".")[0];
  const tie = /^50*$/.test(rest) && Number(kept[kept.length - 1]) % 2 === 0;
  return tie ? kept : Math.abs(value).toFixed(digits);
};
const showNumber = (value, digits = 4) => {
  const size = Math.abs(value), sign = value < 0 ? "\u2212" : "";
  if (!Number.isFinite(value)) return `${sign}infinite`;
  const thousands = text => size >= 1e4 ? text.replace(/\B(?=(\d{3})+(?!\d))/g, ",") : text;
  if (size === Math.round(size)) return sign + thousands(String(size));
  if (size < 1e-6) { const [m, e] = size.toExponential(2).split("e-"); return `${sign}${m} \u00d7 10^\u2212${e}`; }
  const text = fixed(size, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
  return sign + (text.includes(".") ? text.replace(/\.?0+$/, "") : thousands(text));
};
const showEstimate = value => showNumber(Math.sign(value) * Number(fixed(value, 9)) || 0, 3);
const tidy = value => Number.isInteger(value) && Math.abs(value) >= 1000 ? String(value) : String(Number(value.toPrecision(4)));
const say = (template, told) => template.replace(/\{(\w+)\}/g, (_, name) => told[name]);
const known = value => value !== null && value !== undefined && !Number.isNaN(value);
const unique = list => [...new Set(list)];
const words = list => unique(list).sort((a, b) => a < b ? -1 : a > b ? 1 : 0);

// Estimates: standard errors made anew from the printed figures, as in `helpers.effects` and `helpers.pooling`.
const SCALES = {
  CLIFF: [Math.atanh, Math.tanh, x => 1 - x * x],
  CLES: [x => Math.log(x / (1 - x)), x => 1 / (1 + Math.exp(-x)), x => x * (1 - x)],
};
const PLAIN = [x => x, x => x, () => 1], scaleOf = line => SCALES[line.measure] || PLAIN;
const welch = (a, n, b, m) => Math.min(n, m) < 2 ? null : a + b > 0 ? (a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1)) : n + m - 2;
const oneGroup = arms => { // independent groups as one (Cochrane Handbook 6.5.2.10)
  if (arms.length === 1) return [arms[0].mean, arms[0].se, arms[0].n];
  const n = sum(arms.map(arm => arm.n)), mean = sum(arms.map(arm => arm.n * arm.mean)) / n;
  const ss = sum(arms.map(arm => (arm.n - 1) * arm.n * arm.se ** 2 + arm.n * (arm.mean - mean) ** 2));
  return [mean, Math.sqrt(ss / (n - 1) / n), n];
};
const figured = (line, choice, level) => {
  const arms = line.arms.map(arm => {
    const [a, b] = arm.se;
    return { ...arm, se: b === undefined ? a : Math.sqrt(Math.max(a * a + b * b - 2 * (arm.r ?? choice.pre_post_correlation) * a * b, 0)) };
  });
  const [one, other] = [arms.filter(arm => arm.side > 0), arms.filter(arm => arm.side < 0)];
  let effect, se, df, method;
  if (!other.length) [effect, se, df] = [arms[0].mean, arms[0].se, arms[0].n ? arms[0].n - 1 : null];
  else if (line.estimand === "within_participant") {
    const r = choice.site_correlation, scaled = arms.map(arm => (arm.side > 0 ? 1 / one.length : -1 / other.length) * arm.se);
    effect = sum(one.map(arm => arm.mean)) / one.length - sum(other.map(arm => arm.mean)) / other.length;
    se = Math.sqrt(Math.max((1 - r) * sum(scaled.map(x => x * x)) + r * sum(scaled) ** 2, 0));
    df = arms[0].n > 1 ? arms[0].n - 1 : null;
  } else {
    const [m1, s1, n1] = oneGroup(one), [m2, s2, n2] = oneGroup(other);
    [effect, se, df] = [m1 - m2, Math.sqrt(s1 * s1 + s2 * s2), welch(s1 * s1, n1, s2 * s2, n2)];
    method = "Welch's t";
  }
  const half = critical(level, df) * se;
  return { ...line, effect, se, ci_lower: effect - half, ci_upper: effect + half, ci_method: df === null ? "normal" : method || "Student's t" };
};
const imputed = (line, choice, data) => {
  const place = Object.keys(data.controls.sd_use.options).indexOf(choice.sd_use), missing = !known(line.se) && !known(line.ci_lower);
  const wanted = place === 3 || (place >= 1 && missing) || (place === 2 && line.certain_discrepancies);
  if (!wanted || line.measure !== "MD" || line.unit !== data.imputed_unit || !known(line.effect)) return line;
  const sd = choice.assumed_sd, n = line.n, m = line.n_comparator;
  let se, df;
  if (line.estimand === "between_group" && n && m && Math.min(n - m, m) > 1) {
    const a = sd * sd / (n - m), b = sd * sd / m;
    [se, df] = [Math.sqrt(a + b), welch(a, n - m, b, m)];
  } else if (line.estimand === "within_participant" && n > 1) [se, df] = [sd * Math.sqrt(2 * (1 - choice.site_correlation) / n), n - 1];
  else return line;
  const half = critical(data.chosen.level, df) * se;
  return { ...line, se, ci_lower: line.effect - half, ci_upper: line.effect + half, ci_method: line.estimand === "between_group" ? "Welch's t" : "Student's t", sd_imputed: true };
};
// A study that the reader types in, as a line: exosomes against the comparator of the other estimates, or placebo.
const typed = (own, place, like, data) => {
  const id = `own${place + 1}`, n = own.n1 + own.n2, effect = own.m1 - own.m2, spread = own.s1 > 0 && own.s2 > 0;
  const arm = (side, people, mean, sd) => ({ side, n: people, mean, se: [sd / Math.sqrt(people)], r: null });
  return { site: "all", timepoint_weeks: 24, visit: [24, 0], ...like, line_id: `~${id}`, effect_id: id, study_id: id, effect, n, n_comparator: own.n2, people: n,
    se: null, ci_lower: null, ci_upper: null, certain_discrepancies: 0, contrast_doubt: null, set_aside: null, told: true, tier: "own", arms: spread ? [arm(1, own.n1, own.m1, own.s1), arm(-1, own.n2, own.m2, own.s2)] : null,
    direction: directionOf(effect, data.outcomes[like.concept]?.better) };
};
const directionOf = (effect, better) => !better ? "unclear" : effect === 0 ? "no change" : (effect > 0) === (better === "higher") ? "better" : "worse";

// What may be pooled, and what stands alone: `helpers.pooling.groups`.
const isControlled = (line, data) => data.rules.controlled.includes(line.estimand);
const poolable = line => !line.set_aside && line.estimand !== "proportion" && line.se > 0 && scaleOf(line)[2](line.effect) !== 0;
const alike = (a, b, tolerance) => known(a) && known(b) && Math.abs(a - b) <= tolerance * Math.max(a, b);
const belongs = (line, first, data) => line.estimand !== "uncontrolled_change" && !line.contrast_doubt && !first.contrast_doubt
  && alike(line.timepoint_weeks, first.timepoint_weeks, data.chosen.time_tolerance) && line.question === first.question;
const sameVisit = (one, other) => one.visit[0] === other.visit[0] && one.visit[1] === other.visit[1];
const preferred = own => {
  const visit = own.filter(line => sameVisit(line, own[0]));
  return unique(visit.map(line => line.arm_id)).flatMap(arm => {
    const lines = visit.filter(line => line.arm_id === arm), whole = lines.filter(line => !known(line.site) || line.site === "all"), best = whole.length ? whole : lines;
    const most = Math.max(...best.map(line => line.people || 0));
    return best.filter(line => (line.people || 0) === most);
  });
};
const madeOne = lines => {
  const first = lines.reduce((one, line) => line.line_id < one.line_id ? line : one);
  if (lines.length === 1) return first;
  const made = { ...first, certain_discrepancies: Math.max(...lines.map(line => line.certain_discrepancies)) };
  for (const name of ["effect", "se", "ci_lower", "ci_upper"])
    if (lines.every(line => known(line[name]))) made[name] = sum(lines.map(line => line[name])) / lines.length;
  return made;
};
const grouped = (lines, data) => {
  const late = data.chosen.visit === "latest" ? -1 : 1, groups = [];
  const ordered = [...lines].sort((a, b) => a.line_id < b.line_id ? -1 : 1);
  ordered.sort((a, b) => late * (a.visit[0] - b.visit[0] || a.visit[1] - b.visit[1]));
  for (const line of ordered) {
    const home = groups.find(group => belongs(line, group[0], data));
    if (home) home.push(line); else groups.push([line]);
  }
  return groups.flatMap(group => {
    const taken = unique(group.map(line => line.study_id)).map(study => preferred(group.filter(line => line.study_id === study)));
    const names = new Set(taken.flat().map(line => line.line_id));
    return [taken.map(madeOne), ...group.filter(line => !names.has(line.line_id)).map(line => [line])];
  });
};
const fitted = (group, choice, data) => {
  const [scale, back, slope] = scaleOf(group[0]), y = group.map(line => scale(line.effect)), v = group.map(line => (line.se / slope(line.effect)) ** 2);
  const fit = pool(y, v, choice.tau2_method, choice.ci_method, data.chosen.level);
  for (const name of ["estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper"]) fit[name] = back(fit[name]);
  return { ...fit, ...ofRow(group), pooled: true, ci_method: data.controls.ci_method.options[choice.ci_method], small_study_p: null, weights: fit.weights };
};
const ofRow = group => {
  const people = group.map(line => line.people), first = group[0];
  return { lines: group, k: group.length, studies: group.map(line => line.study_id), participants: people.every(Boolean) ? sum(people) : null,
    ...Object.fromEntries(["concept", "estimand", "comparator", "background", "unit", "measure"].map(name => [name, first[name] ?? null])) };
};
const alone = line => ({ ...ofRow([line]), pooled: false, estimate: line.effect, se: line.se ?? null, ci_lower: line.ci_lower ?? null, ci_upper: line.ci_upper ?? null, ci_method: line.ci_method, i2: null });
const rowsOf = (lines, choice, data) => {
  const estimates = lines.filter(line => known(line.effect)), rows = [];
  for (const line of estimates.filter(one => !poolable(one)))
    if (line.set_aside || line.se === 0 || known(line.se) || known(line.ci_lower) || isControlled(line, data)) rows.push(alone(line));
  let weighed = estimates.filter(poolable);
  weighed = weighed.filter(line => line.estimand !== "uncontrolled_change" || !weighed.some(other => other.study_id === line.study_id && isControlled(other, data)
    && !other.contrast_doubt && other.unit === line.unit && alike(other.timepoint_weeks, line.timepoint_weeks, data.chosen.time_tolerance)));
  for (const group of grouped(weighed, data)) rows.push(group.length > 1 ? fitted(group, choice, data) : alone(group[0]));
  return rows;
};
const shownOf = (rows, outcome, rules) => {
  const rank = (order, word) => order.includes(word) ? order.indexOf(word) : order.length;
  const order = (row, place) => [+((row.measure === null || rules.in_units.includes(row.measure)) && row.unit !== outcome.unit), rank(rules.shown_first.estimand, row.estimand),
    rank(rules.shown_first.comparator, row.comparator), +!row.pooled, -row.k, place];
  const keys = rows.map(order);
  return rows.reduce((best, _, i) => best < 0 || keys[i].find((x, j) => x !== keys[best][j]) < keys[best].find((x, j) => x !== keys[i][j]) ? i : best, -1);
};

// Certainty: facts of the studies, judged by the rules: `helpers.appraisal.grade`.
const holds = (when, facts, limits) => Object.entries(when).every(([name, wanted]) => {
  const value = facts[name] ?? null;
  if (wanted === null || typeof wanted !== "object") return value === wanted;
  const bound = end => end in wanted ? limits[wanted[end]] ?? wanted[end] : null;
  return value !== null && (bound("at_least") ?? value) <= value && value < (bound("below") ?? value + 1);
});
const first = (rules, facts, limits) => rules.find(rule => holds(rule.when, facts, limits));
const rate = (facts, rules, overrides = {}) => {
  const told = { ...rules.limits, ...facts }, start = first(rules.initial, facts, rules.limits), reasons = [`Initial certainty ${start.level}: ${say(start.reason, told)}.`], down = {};
  let reached = rules.levels.indexOf(start.level);
  for (const [name, domain] of Object.entries(rules.domains)) {
    const met = domain.rules.filter(rule => holds(rule.when, facts, rules.limits));
    let steps = Math.min(sum(met.map(rule => rule.down)), domain.most ?? 2);
    let why = [domain.told, ...met.filter(rule => rule.reason).map(rule => rule.reason)].map(text => say(text, told)).filter(Boolean).join("; ");
    if (overrides[name]) {
      why = `judged by ${overrides[name].by}: ${overrides[name].reason.replace(/\.+$/, "")} (the rule proposed ${steps}: ${why})`;
      steps = overrides[name].steps;
    }
    reached -= steps;
    down[name] = steps;
    reasons.push(`${(name[0].toUpperCase() + name.slice(1)).replace(/_/g, " ")}, ${rules.rated_down[steps]}: ${why}.`);
  }
  return { target: say(first(rules.targets, facts, rules.limits).target, told), start: start.level, down, certainty: rules.levels[Math.max(reached, 0)], reasons };
};
const noEffect = (row, rules) => rules.no_effect[row.measure] ?? 0;
const mostly = (names, all, sizes) => {
  const weight = name => all.every(one => known(sizes[one])) ? sizes[name] : 1;
  return 2 * sum(names.map(weight)) > sum(all.map(weight));
};
const factsOf = (shown, told, outcome, concept, data) => {
  const { rules } = data, names = words(shown ? shown.studies : told.map(line => line.study_id));
  const of = Object.fromEntries(names.map(name => [name, { ...data.studies[name], ...data.studies[name].outcomes[concept] }]));
  const sizes = Object.fromEntries(names.map(name => [name, of[name].participants ?? null])), own = told.filter(line => names.includes(line.study_id));
  const people = shown?.participants ?? (sum(names.map(name => sizes[name] || 0)) || null), k = names.length;
  const compared = name => own.some(line => line.study_id === name && isControlled(line, data));
  const uncompared = shown && !isControlled(shown, data), randomised = uncompared ? [] : names.filter(name => of[name].randomised && compared(name));
  const combined = shown?.background ? shown.background.endsWith(rules.combined_words) ? names : [] : names.filter(name => of[name].combined);
  const judged = mostly(names.filter(name => of[name].fitting || randomised.includes(name)), names, sizes), cost = rules.bias_levels[judged ? "high" : "low"];
  const levels = names.map(name => Math.max(cost[of[name].judgement] ?? 0, uncompared || !of[name].two_groups ? cost.no_control : 0)).sort((a, b) => a - b);
  const certain = sum(names.map(name => of[name].certain || 0)), registered = names.filter(name => of[name].registered).length;
  const ways = names.map(name => words(own.filter(line => line.study_id === name).map(line => line.direction)).join("/")), all = own.map(line => line.direction), pooled = shown?.pooled ? shown : {};
  return { facts: {
    shown: Boolean(shown), studies: k, studies_words: k === 1 ? "1 study" : `${k} studies`, randomised: randomised.length, all_randomised: randomised.length === k,
    participants: people, participants_words: people === null ? "participants not stated" : `${people} participant${people === 1 ? "" : "s"}`,
    events: null, events_words: "", combined: combined.length, mostly_combined: mostly(combined, names, sizes), registered, all_registered: registered === k,
    all_small: names.every(name => sizes[name] === null || sizes[name] < rules.limits.small_study), all_in_favour: all.every(way => way === "better"),
    mostly_judged: judged, bias: levels[(k - 1) >> 1], judgements: names.map(name => of[name].judgements).join(", "), certain, certain_words: `${certain} certain ${certain === 1 ? "discrepancy touches" : "discrepancies touch"} it`,
    directions: `directions by study: ${words(ways).map(way => `${ways.filter(one => one === way).length} ${way}`).join(", ")}`, opposed: all.includes("better") && all.includes("worse"),
    i2: pooled.i2 ?? null, i2_words: known(pooled.i2) ? `; I\u00b2 ${tidy(pooled.i2)} %` : "", small_study_p: pooled.small_study_p ?? null,
    predicts_none: known(pooled.pi_lower) && pooled.pi_lower <= noEffect(pooled, rules) && noEffect(pooled, rules) <= pooled.pi_upper,
    ...precision(shown, names.map(name => of[name].before?.[shown?.unit]).filter(Boolean), outcome, rules) }, names };
};
const precision = (shown, before, outcome, rules) => {
  const facts = { estimand: shown?.estimand ?? null, size: "unknown", difference: "", interval: false, crosses: false, crosses_both: false, disagree: false };
  if (!known(shown?.ci_lower) || !known(shown?.ci_upper)) return facts;
  facts.interval = true;
  const [value, low, high] = [shown.estimate, shown.ci_lower, shown.ci_upper].map(x => x - noEffect(shown, rules)), difference = outcome.difference;
  if (!difference || (difference.unit && difference.unit !== shown.unit)) return { ...facts, crosses: low <= 0 && 0 <= high };
  const needed = difference.absolute, important = Math.abs(value) >= needed, beyond = [high >= needed, low <= -needed];
  if (before.length && difference.relative) {
    const least = Math.abs(value) / Math.max(...before.map(one => one[1])), most = Math.abs(value) / Math.min(...before.map(one => one[0]));
    facts.disagree = important ? most < difference.relative : least >= difference.relative;
  }
  return { ...facts, size: important ? "important" : "unimportant", difference: difference.words, crosses: important ? low < needed && high > -needed : beyond[0] || beyond[1],
    crosses_both: important ? low <= 0 && 0 <= high : beyond[0] && beyond[1] };
};
const missingEvidence = (shown, tiers, concept, outcome, data) => { // after ROB-ME
  const rule = data.missing_evidence, all = Object.entries(data.studies).map(([name, one]) => ({ name, ...one, states: one.outcomes[concept]?.states || [] }));
  const here = all.filter(one => shown.studies.includes(one.name)), others = all.filter(one => !shown.studies.includes(one.name) && tiers.includes(one.tier));
  const having = (list, states) => list.filter(one => one.states.some(state => states.includes(state)));
  const lacking = [...having(others, rule.missing), ...having(here, rule.missing_within)], unseen = data.late.filter(name => !data.studies[name] && !data.elsewhere.includes(name));
  const yes = (sure, unsure) => sure ? "Y" : unsure ? "NI" : "N", gain = shown.estimate - noEffect(shown, data.rules);
  const unknown = shown.participants === null || lacking.some(one => !known(one.people));
  const answers = { known: yes(lacking.length, having(others, rule.unclear).length), unpublished: yes(having(others, [rule.overdue]).some(one => data.late.includes(one.name)), unseen.length),
    share: !lacking.length ? "NA" : unknown ? "NI" : sum(lacking.map(one => one.people)) >= rule.large_share * shown.participants ? "Y" : "N",
    chosen: here.some(one => !one.registered) && outcome.better && (gain > 0) === (outcome.better === "higher") ? "PY" : "N" };
  const given = name => answers[name] === "NA" ? "NI" : answers[name];
  return rule.algorithm.find(([, ...conditions]) => !conditions.length || conditions.some(one => Object.entries(one).every(([name, wanted]) => wanted.split(" ").includes(given(name)))))[0];
};
const sizeWords = (row, data) => {
  const { scale, says } = data.rules.sizes[row.measure] || data.rules.sizes[row.estimand], told = x => showEstimate(scale === "exp" ? Math.exp(x) : scale * x);
  const printed = /as printed, ([\d.]+ %)/.exec(row.ci_method || ""), named = printed ? `${printed[1]} interval as printed` : `${tidy(100 * data.chosen.level)} % interval`;
  const interval = known(row.ci_lower) && known(row.ci_upper) ? `, ${named} ${told(row.ci_lower)} to ${told(row.ci_upper)}` : "";
  return say(says, { value: told(row.estimate), unit: data.units[row.unit] ?? row.unit ?? "", interval }).split(/\s+/).filter(Boolean).join(" ");
};
const againstWords = (row, difference) => {
  if (!difference || difference.unit !== row.unit || !known(row.ci_lower)) return null;
  const ends = [Math.abs(row.ci_lower), Math.abs(row.ci_upper)], least = row.ci_lower <= 0 && 0 <= row.ci_upper ? 0 : Math.min(...ends);
  return least >= difference.absolute ? `above ${difference.words}` : Math.max(...ends) < difference.absolute ? `below ${difference.words}` : `the interval includes ${difference.words}`;
};
const statementOf = (sure, shown, outcome, before, data) => {
  const { rules } = data, difference = outcome.difference && shown && outcome.difference.unit === shown.unit ? outcome.difference : null;
  const facts = { shown: Boolean(shown), certainty: sure, difference: "" }, told = { outcome: outcome.label, difference: difference ? difference.words : "" };
  if (shown) {
    const rises = shown.estimate > noEffect(shown, rules), good = rises === (outcome.better === "higher");
    Object.assign(told, { size: sizeWords(shown, data), worth: outcome.better ? rules.worth[good ? "better" : "worse"] : "", verb: rules.verbs[rises ? "increase" : "reduce"][sure] ?? "", little: rules.little[sure] ?? "" });
    Object.assign(facts, { controlled: isControlled(shown, data), difference_known: Boolean(difference), interval: placeOf(shown, difference, before, rules) });
  }
  return say(first(rules.statements, facts, rules.limits).says, told);
};
const placeOf = (row, difference, before, rules) => {
  if (!known(row.ci_lower) || !known(row.ci_upper)) return "missing";
  const [low, high] = [row.ci_lower, row.ci_upper].map(x => x - noEffect(row, rules)), crosses = low <= 0 && 0 <= high;
  if (!difference) return crosses ? "unclear" : "known";
  const [least, most] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b), share = before.length && difference.relative ? difference.relative * Math.min(...before.map(one => one[0])) : Infinity;
  const smallest = Math.min(difference.absolute, share);
  if (crosses) return most < smallest ? "trivial" : "unclear";
  return least >= difference.absolute ? "important" : most < smallest ? "slight" : "unsure_size";
};
const priorScale = (row, choice, data) => {
  if (row.unit === data.imputed_unit) return choice.tau_prior;
  const sound = row.lines.filter(line => !line.certain_discrepancies), group = sound.length ? sound : row.lines, parts = row.estimand === "between_group" ? 2 : 1;
  const sds = group.map(line => line.se / scaleOf(line)[2](line.effect) * Math.sqrt(line.people || 4) / parts).sort((a, b) => a - b), half = sds.length >> 1;
  return choice.tau_prior / choice.assumed_sd * (sds.length % 2 ? sds[half] : (sds[half - 1] + sds[half]) / 2);
};
const bayesOf = (row, choice, data) => {
  const [scale, back, slope] = scaleOf(row), post = bayes(row.lines.map(line => scale(line.effect)), row.lines.map(line => (line.se / slope(line.effect)) ** 2), priorScale(row, choice, data), data.chosen.level);
  return { estimate: back(post.mu.median), ci_lower: back(post.mu.lower), ci_upper: back(post.mu.upper), pi_lower: back(post.predictive.lower), pi_upper: back(post.predictive.upper) };
};

// The answer to a question under some choices.
const answer = (data, choice) => {
  const drug = choice.question in data.questions ? data.questions[choice.question] : null, [concept, tier] = drug ? [drug.concept, null] : choice.question.split(".");
  const outcome = data.outcomes[concept] || {}, level = data.chosen.level, tiers = tier ? data.tiers[tier] : null, out = new Set(choice.out);
  let lines = drug ? data.drugs.filter(line => drug.ids.includes(line.effect_id)) : data.lines.filter(line => line.concept === concept && tiers.includes(line.tier));
  if (!drug && choice.comparator !== "any") lines = lines.filter(line => line.comparator === choice.comparator);
  const wanted = ["any", "none"].includes(choice.comparator) ? "placebo" : choice.comparator;
  const model = lines.find(line => line.estimand === "between_group" && line.measure === "MD" && !line.contrast_doubt && (drug || line.comparator === wanted));
  const like = model || { concept, estimand: "between_group", comparator: wanted, background: "none", unit: outcome.unit ?? null, measure: "MD", question: `own ${concept} ${wanted}` };
  const own = (choice.own || []).map((one, place) => typed(one, place, like, data));
  const studies = { ...data.studies };
  own.forEach((line, place) => {
    const name = line.study_id, words = choice.own[place].bias;
    studies[name] = { tier: "own", serious: false, registered: true, two_groups: true, judgement: words, fitting: true, people: line.people,
      outcomes: { [concept]: { states: [], participants: line.people, randomised: 1, certain: 0, combined: 0, judgements: `your study ${place + 1} ${words}` } } };
  });
  const world = { ...data, studies };
  lines = [...lines, ...own].filter(line => !out.has(line.study_id)).filter(line => !choice.sound || !line.certain_discrepancies);
  lines = lines.map(line => line.arms ? figured(line, choice, level) : line).map(line => imputed(line, choice, data));
  const used = lines.filter(line => !studies[line.study_id]?.serious);
  let rows;
  if (drug) {
    const usable = used.filter(poolable), group = unique(usable.map(line => line.study_id)).map(name => madeOne(usable.filter(line => line.study_id === name)));
    rows = group.length > 1 ? [fitted(group, choice, data)] : group.map(alone);
  } else rows = rowsOf(used, choice, world);
  const at = drug ? rows.length - 1 : shownOf(rows, outcome, data.rules), shown = at < 0 ? null : rows[at];
  const found = { lines, rows, shown, studies, size: shown && sizeWords(shown, data), against: shown && againstWords(shown, outcome.difference), bayes: shown?.pooled ? bayesOf(shown, choice, data) : null };
  if (drug) return found;
  const told = lines.filter(line => line.told);
  if (!told.length) return { ...found, certainty: "no evidence", reasons: ["No study reports this outcome."], statement: "" };
  const { facts, names } = factsOf(shown, told, outcome, concept, world), left = unique(told.map(line => line.study_id)).filter(name => studies[name].serious);
  facts.missing_evidence = shown ? missingEvidence(shown, tiers, concept, outcome, world) : "not judged";
  facts.left_out = left.length ? `; left out for serious concerns about trust: ${left.join(", ")}` : "";
  const before = names.map(name => studies[name].outcomes[concept]?.before?.[shown?.unit]).filter(Boolean), rated = rate(facts, data.rules, outcome.overrides[tier]);
  return { ...found, ...rated, names, statement: statementOf(rated.certainty, shown, outcome, before, data) };
};
// A line whose default the script does not reach stays as it was printed.
const checked = data => {
  const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-9);
  for (const line of data.lines) {
    if (!line.arms) continue;
    const made = figured(line, data.chosen, data.chosen.level);
    if (!["effect", "se", "ci_lower", "ci_upper"].every(name => near(made[name], line[name]))) delete line.arms;
  }
  return data;
};
self.whatIf = { pool, bayes, critical, answer, checked, showEstimate, tidy };
//PANEL
})();
