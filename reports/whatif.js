"use strict";
(()=>{
const { abs, exp, log, max, min, round, sqrt }=Math, { assign, entries, fromEntries, keys }=Object;
const sum=list=>list.reduce((all, one)=>all + one, 0), total=(list, of)=>sum(list.map(of));
const LANCZOS=[0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
const logGamma=x=>{
const t=x + 6.5, series=LANCZOS.reduce((all, c, i)=>i ? all + c / (x + i - 1) : c, 0);
return 0.5 * log(2 * Math.PI) + (x - 0.5) * log(t) - t + log(series);
};
const beta=(x, y, a, b)=>{ // y is 1 - x, which may be too near 1 to be subtracted
if (x<=0) return 0;
if (y<=0) return 1;
if (x > (a + 1) / (a + b + 2)) return 1 - beta(y, x, b, a);
const front=exp(a * log(x) + b * log(y) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
let c=1, d=1 / (1 - (a + b) * x / (a + 1)), value=d;
for (let m=1; m < 3000; m++) {
const two=a + 2 * m, even=m * (b - m) * x / ((two - 1) * two), odd=-(a + m) * (a + b + m) * x / (two * (two + 1));
d=1 / (1 + even * d); c=1 + even / c; value*=d * c;
d=1 / (1 + odd * d); c=1 + odd / c;
value*=d * c;
if (abs(d * c - 1) < 1e-16) break;
}
return front * value;
};
const phi=x=>exp(-0.5 * x * x) / sqrt(2 * Math.PI);
const normal=x=>{
const z=abs(x);
if (z > 38) return x > 0 ? 1 : 0;
if (z < 3) {
let term=z, all=z;
for (let i=3; term > 1e-17 * all; i+=2) all+=term*=z * z / i;
return 0.5 + Math.sign(x) * phi(z) * all;
}
let tail=z;
for (let i=z < 5 ? 60 : 24; i; i--) tail=z + i / tail;
return x > 0 ? 1 - phi(z) / tail : phi(z) / tail;
};
const tTail=(t, df)=>beta(df / (df + t * t), t * t / (df + t * t), df / 2, 0.5); // of both sides
const tDensity=(t, df)=>exp(logGamma((df + 1) / 2) - logGamma(df / 2) - 0.5 * log(df * Math.PI) - (df + 1) / 2 * Math.log1p(t * t / df));
const root=(f, slope, low, high)=>{
const least=1e-14 * (high - low);
let x=(low + high) / 2;
for (let i=0; i < 200; i++) {
const y=f(x);
if (y > 0) high=x; else low=x;
const next=x - y / slope(x), moved=next>=low&&next<=high ? next : (low + high) / 2;
if (abs(moved - x)<=least) return moved;
x=moved;
}
return x;
};
const criticals=new Map();
const critical=(level, df)=>{
if (df!==null&&!(df > 0)) return NaN;
const key=`${level} ${df}`;
if (!criticals.has(key)) {
const missed=df===null ? x=>2 * normal(x) - 1 - level : x=>1 - level - tTail(x, df);
let high=2;
while (missed(high) < 0) high*=2;
criticals.set(key, root(missed, df===null ? x=>2 * phi(x) : x=>2 * tDensity(x, df), 0, high));
}
return criticals.get(key);
};
const at=(y, v, tau2)=>{
const w=v.map(one=>1 / (one + tau2)), W=sum(w), estimate=total(y, (one, i)=>w[i] * one) / W;
const residual=y.map(one=>one - estimate), py=residual.map((one, i)=>one * w[i]), w2=total(w, one=>one * one), wpy=py.map((one, i)=>one * w[i]);
const share=w2 / W;
return { w, W, w2, estimate, q: total(py, (one, i)=>one * residual[i]), ypp: total(py, one=>one * one),
yppp: total(wpy, (one, i)=>one * py[i]) - sum(wpy) ** 2 / W, traceP: W - share,
tracePP: w2 - 2 * total(w, one=>one ** 3) / W + share * share };
};
const qRoot=(y, v)=>{
const missing=tau2=>y.length - 1 - at(y, v, tau2).q;
let high=max(...v);
if (missing(0)>=0) return 0;
while (missing(high) < 0) high*=2;
return root(missing, tau2=>at(y, v, tau2).ypp, 0, high);
};
const spreadOf=y=>{ const mean=sum(y) / y.length; return total(y, one=>(one - mean) ** 2); };
const likelihoodRoot=(y, v, restricted)=>{
const k=y.length, s2=spreadOf(y) / (restricted ? k - 1 : k), floor=min(...v);
const bound=0.5 * (s2 + sqrt(s2 * s2 + 4 * s2 * (max(...v) - floor))), ratio=max(bound * (1 + 1e-9) / floor, 1);
const points=Math.trunc(min(max(6, 2 + Math.log2(ratio)), 64)), grid=Array.from({ length: points }, (_, i)=>floor * (ratio ** (i / (points - 1)) - 1));
const fall=t=>{ const p=at(y, v, t); return (restricted ? p.traceP : p.W) - p.ypp; }, bend=t=>{ const p=at(y, v, t); return 2 * p.yppp - (restricted ? p.tracePP : p.w2); };
const falls=grid.map(fall), found=falls.slice(1).flatMap((end, i)=>falls[i] < 0&&end>=0 ? [root(fall, bend, grid[i], grid[i + 1])] : []);
if (falls[0]>=0||!found.length) found.push(0);
const height=t=>{ const p=at(y, v, t); return total(p.w, log) - p.q - (restricted ? log(p.W) : 0); };
return found.reduce((best, t)=>height(t) > height(best) ? t : best);
};
const ESTIMATORS={
DL: (y, v)=>{ const p=at(y, v, 0); return (p.q - (y.length - 1)) / p.traceP; },
HE: (y, v)=>(spreadOf(y) - sum(v) * (1 - 1 / y.length)) / (y.length - 1),
HS: (y, v)=>{ const p=at(y, v, 0); return (p.q - y.length) / p.W; },
SJ: (y, v)=>{ const start=spreadOf(y) / y.length; return start ? start * at(y, v, start).q / (y.length - 1) : 0; },
ML: (y, v)=>likelihoodRoot(y, v, false), REML: (y, v)=>likelihoodRoot(y, v, true), EB: qRoot, PM: qRoot,
};
const pool=(y, v, method, test, level)=>{
const k=y.length, tau2=k > 1 ? max(ESTIMATORS[method](y, v), 0) : 0, p=at(y, v, tau2), fixed=at(y, v, 0), df=k - 1;
const factor=test==="z"||!df ? 1 : test==="knha" ? p.q / df : max(p.q / df, 1), se=sqrt(factor / p.W);
const half=critical(level, test==="z"||!df ? null : df) * se, wide=df ? critical(level, df) * sqrt(tau2 + se * se) : NaN;
const typical=df / fixed.traceP;
return { k, tau2, se, estimate: p.estimate, ci_lower: p.estimate - half, ci_upper: p.estimate + half, pi_lower: p.estimate - wide, pi_upper: p.estimate + wide,
i2: !df ? 0 : 100 * tau2 / (tau2 + typical) };
};
const bayes=(yi, v, scale, level)=>{
const centre=sum(yi) / yi.length, y=yi.map(one=>one - centre), nodes=[];
for (let x=log(min(scale, sqrt(min(...v)))) - 38; x < log(scale) + 2.4; x+=0.125) {
const tau=exp(x), p=at(y, v, tau * tau);
nodes.push({ tau, mean: p.estimate, variance: 1 / p.W, log: x - 0.5 * (tau / scale) ** 2 - 0.5 * (p.q + log(p.W) - total(p.w, log)) });
}
const top=max(...nodes.map(one=>one.log)), heavy=nodes.filter(one=>one.log > top - 40), all=total(heavy, one=>exp(one.log - top));
const marginal=more=>{
const parts=heavy.map(one=>[exp(one.log - top) / all, one.mean, sqrt(one.variance + more * one.tau ** 2)]), add=f=>total(parts, f);
const cdf=x=>add(([w, m, s])=>w * normal((x - m) / s)), density=x=>add(([w, m, s])=>w * phi((x - m) / s) / s), mean=add(([w, m])=>w * m), sd=add(([w, , s])=>w * s);
const quantile=q=>{
let low=mean - sd, high=mean + sd, step=sd;
while (cdf(low) > q) low-=step*=2;
while (cdf(high) < q) high+=step*=2;
return centre + root(x=>cdf(x) - q, density, low, high);
};
return [0.5, (1 - level) / 2, (1 + level) / 2].map(quantile);
};
const [estimate, ci_lower, ci_upper]=marginal(0), [, pi_lower, pi_upper]=marginal(1);
return { estimate, ci_lower, ci_upper, pi_lower, pi_upper };
};
const fixed=(value, digits)=>{
const size=abs(value), cut=size * 10 ** digits, tie=cut % 1===0.5&&Number.isInteger(size * 2 ** (digits + 1));
return (tie ? 2 * round(cut / 2) / 10 ** digits : size).toFixed(digits);
};
const showNumber=(value, digits=4)=>{
const size=abs(value), sign=value < 0 ? "\u2212" : "";
const thousands=text=>size>=1e4 ? text.replace(/\B(?=(\d{3})+(?!\d))/g, ",") : text;
if (size===round(size)) return sign + thousands(String(size));
const text=fixed(size, max(0, digits - 1 - Math.floor(Math.log10(size))));
return sign + (text.includes(".") ? text.replace(/\.?0+$/, "") : thousands(text));
};
const showEstimate=value=>showNumber(Math.sign(value) * Number(fixed(value, 9))||0, 3);
const tidy=value=>Number.isInteger(value)&&abs(value)>=1000 ? String(value) : String(Number(value.toPrecision(4)));
const say=(template, told)=>template.replace(/\{(\w+)\}/g, (_, name)=>told[name]);
const known=value=>value!==null&&value!==undefined&&!Number.isNaN(value);
const unique=list=>[...new Set(list)];
const words=list=>unique(list).sort((a, b)=>a < b ? -1 : a > b ? 1 : 0);
const LIMITS=["ci_lower", "ci_upper"], NUMBERS=["estimate", ...LIMITS];
const SCALES={
CLIFF: [Math.atanh, Math.tanh, x=>1 - x * x],
CLES: [x=>log(x / (1 - x)), x=>1 / (1 + exp(-x)), x=>x * (1 - x)],
};
const scaleOf=line=>SCALES[line.measure]||[x=>x, x=>x, ()=>1];
const welch=(a, n, b, m)=>min(n, m) < 2 ? null : a + b > 0 ? (a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1)) : n + m - 2;
const withInterval=(line, se, df, level, method="Student's t")=>{
const half=critical(level, df) * se;
return { ...line, se, ci_lower: line.effect - half, ci_upper: line.effect + half, ci_method: df===null ? "normal" : method };
};
const oneGroup=arms=>{ // independent groups as one (Cochrane Handbook 6.5.2.10)
if (arms.length===1) return [arms[0].mean, arms[0].se ** 2, arms[0].n];
const n=total(arms, arm=>arm.n), mean=total(arms, arm=>arm.n * arm.mean) / n;
return [mean, total(arms, arm=>(arm.n - 1) * arm.n * arm.se ** 2 + arm.n * (arm.mean - mean) ** 2) / (n - 1) / n, n];
};
const figured=(line, choice, level)=>{
const arms=line.arms.map(arm=>{
const [a, b]=arm.se;
return { ...arm, se: b===undefined ? a : sqrt(max(a * a + b * b - 2 * (arm.r??choice.pre_post_correlation) * a * b, 0)) };
});
const [one, other]=[1, -1].map(side=>arms.filter(arm=>arm.side===side)), { n, mean, se }=arms[0], mean_of=list=>total(list, arm=>arm.mean) / list.length;
if (!other.length) return withInterval({ ...line, effect: mean }, se, n ? n - 1 : null, level);
if (line.estimand==="within_participant") {
const r=choice.site_correlation, scaled=arms.map(arm=>(arm.side > 0 ? 1 / one.length : -1 / other.length) * arm.se);
const variance=(1 - r) * total(scaled, x=>x * x) + r * sum(scaled) ** 2;
return withInterval({ ...line, effect: mean_of(one) - mean_of(other) }, sqrt(max(variance, 0)), n > 1 ? n - 1 : null, level);
}
const [m1, v1, n1]=oneGroup(one), [m2, v2, n2]=oneGroup(other);
return withInterval({ ...line, effect: m1 - m2 }, sqrt(v1 + v2), welch(v1, n1, v2, n2), level, "Welch's t");
};
const imputable=(line, data)=>line.measure==="MD"&&line.unit===data.imputed_unit&&known(line.effect);
const imputed=(line, choice, data)=>{
const place=keys(data.controls.sd_use.options).indexOf(choice.sd_use), missing=!known(line.se)&&!known(line.ci_lower);
if (!(place===3||(place&&missing)||(place===2&&line.certain_discrepancies))||!imputable(line, data)) return line;
const sd=choice.assumed_sd, n=line.n, m=line.n_comparator, { level }=data.chosen, made={ ...line, sd_imputed: true };
if (line.estimand==="between_group"&&n&&m&&min(n - m, m) > 1) {
const a=sd * sd / (n - m), b=sd * sd / m;
return withInterval(made, sqrt(a + b), welch(a, n - m, b, m), level, "Welch's t");
}
return line.estimand==="within_participant"&&n > 1 ? withInterval(made, sd * sqrt(2 * (1 - choice.site_correlation) / n), n - 1, level) : line;
};
const typed=(own, id, like, better)=>{
const { n1, m1, s1, n2, m2, s2 }=own, effect=m1 - m2, arm=(side, n, mean, sd)=>({ side, n, mean, se: [sd / sqrt(n)] });
return { site: "all", timepoint_weeks: 24, visit: [24, 0], ...like, line_id: `~${id}`, effect_id: id, study_id: id, effect, n: n1 + n2, n_comparator: n2, people: n1 + n2, se: null, ci_lower: null, ci_upper: null,
certain_discrepancies: 0, told: true, arms: s1&&s2 ? [arm(1, n1, m1, s1), arm(-1, n2, m2, s2)] : null,
direction: !better ? "unclear" : effect===0 ? "no change" : (effect > 0)===(better==="higher") ? "better" : "worse" };
};
const controlled=(line, data)=>data.rules.controlled.includes(line.estimand);
const poolable=line=>!line.set_aside&&line.estimand!=="proportion"&&line.se > 0&&scaleOf(line)[2](line.effect)!==0;
const alike=(one, other, data)=>{
const [a, b]=[one.timepoint_weeks, other.timepoint_weeks];
return known(a)&&known(b)&&abs(a - b)<=data.chosen.time_tolerance * max(a, b);
};
const belongs=(line, head, data)=>line.estimand!=="uncontrolled_change"&&!line.contrast_doubt&&!head.contrast_doubt&&alike(line, head, data)&&line.question===head.question;
const preferred=own=>{
const visit=own.filter(line=>`${line.visit}`===`${own[0].visit}`);
return unique(visit.map(line=>line.arm_id)).flatMap(arm=>{
const lines=visit.filter(line=>line.arm_id===arm), whole=lines.filter(line=>(line.site??"all")==="all"), best=whole.length ? whole : lines;
const people=line=>line.people||0, most=max(...best.map(people));
return best.filter(line=>people(line)===most);
});
};
const madeOne=lines=>{
const made={ ...lines.reduce((one, line)=>line.line_id < one.line_id ? line : one) };
if (lines.length > 1) for (const name of ["effect", "se", ...LIMITS]) if (lines.every(line=>known(line[name]))) made[name]=total(lines, line=>line[name]) / lines.length;
made.certain_discrepancies=max(...lines.map(line=>line.certain_discrepancies));
return made;
};
const byStudy=lines=>unique(lines.map(line=>line.study_id)).map(id=>lines.filter(line=>line.study_id===id));
const grouped=(lines, data)=>{
const late=data.chosen.visit==="latest" ? -1 : 1, groups=[];
const ordered=[...lines].sort((a, b)=>late * (a.visit[0] - b.visit[0]||a.visit[1] - b.visit[1])||(a.line_id < b.line_id ? -1 : 1));
for (const line of ordered) {
const home=groups.find(group=>belongs(line, group[0], data));
if (home) home.push(line); else groups.push([line]);
}
return groups.flatMap(group=>{
const taken=byStudy(group).map(preferred);
return [taken.map(madeOne), ...group.filter(line=>!taken.flat().includes(line)).map(line=>[line])];
});
};
const rowOf=(lines, more)=>({ ...lines[0], lines, k: lines.length, studies: lines.map(line=>line.study_id), participants: lines.every(line=>line.people) ? total(lines, line=>line.people) : null, ...more });
const alone=line=>rowOf([line], { pooled: false, estimate: line.effect });
const onScale=lines=>{
const [scale, back, slope]=scaleOf(lines[0]);
return [lines.map(line=>scale(line.effect)), lines.map(line=>(line.se / slope(line.effect)) ** 2), found=>fromEntries([...NUMBERS, "pi_lower", "pi_upper"].map(name=>[name, back(found[name])]))];
};
const fitted=(lines, choice, data)=>{
const [y, v, told]=onScale(lines), fit=pool(y, v, choice.tau2_method, choice.ci_method, data.chosen.level);
return rowOf(lines, { ...fit, ...told(fit), pooled: true, ci_method: data.controls.ci_method.options[choice.ci_method] });
};
const rowsOf=(lines, choice, data)=>{
const estimates=lines.filter(line=>known(line.effect)), weighed=estimates.filter(poolable);
const elsewhere=line=>line.estimand==="uncontrolled_change"&&weighed.some(other=>other.study_id===line.study_id&&controlled(other, data)&&!other.contrast_doubt&&other.unit===line.unit&&alike(other, line, data));
return [...estimates.filter(line=>!poolable(line)&&(line.set_aside||known(line.se)||known(line.ci_lower)||controlled(line, data))).map(alone),
...grouped(weighed.filter(line=>!elsewhere(line)), data).map(group=>group.length > 1 ? fitted(group, choice, data) : alone(group[0]))];
};
const shownOf=(rows, outcome, { in_units, shown_first })=>{
const rank=(row, name)=>(shown_first[name].indexOf(row[name]) + 1)||99;
const key=row=>[+((!row.measure||in_units.includes(row.measure))&&row.unit!==outcome.unit), rank(row, "estimand"), rank(row, "comparator"), +!row.pooled, -row.k];
const before=(a, b)=>{ const i=a.findIndex((x, j)=>x!==b[j]); return i>=0&&a[i] < b[i]; };
return rows.reduce((best, row)=>!best||before(key(row), key(best)) ? row : best, null);
};
const first=(rules, facts, limits)=>rules.find(rule=>holds(rule.when, facts, limits));
const holds=(when, facts, limits)=>entries(when).every(([name, wanted])=>{
const value=facts[name]??null;
if (wanted===null||typeof wanted!=="object") return value===wanted;
const bound=(end, none)=>end in wanted ? limits[wanted[end]]??wanted[end] : none;
return value!==null&&bound("at_least", value)<=value&&value < bound("below", value + 1);
});
const rate=(facts, rules, overrides={})=>{
const told={ ...rules.limits, ...facts }, start=first(rules.initial, facts, rules.limits), reasons=[`Initial certainty ${start.level}: ${say(start.reason, told)}.`];
let reached=rules.levels.indexOf(start.level);
for (const [name, domain] of entries(rules.domains)) {
const met=domain.rules.filter(rule=>holds(rule.when, facts, rules.limits)), person=overrides[name];
let steps=min(total(met, rule=>rule.down), domain.most??2), why=[domain.told, ...met.map(rule=>rule.reason||"")].map(text=>say(text, told)).filter(Boolean).join("; ");
if (person) [why, steps]=[`judged by ${person.by}: ${person.reason.replace(/\.+$/, "")} (the rule proposed ${steps}: ${why})`, person.steps];
reached-=steps;
reasons.push(`${name[0].toUpperCase()}${name.slice(1).replaceAll("_", " ")}, ${rules.rated_down[steps]}: ${why}.`);
}
return { target: say(first(rules.targets, facts, rules.limits).target, told), certainty: rules.levels[max(reached, 0)], reasons };
};
const fromNone=(row, rules)=>NUMBERS.map(name=>row[name] - (rules.no_effect[row.measure]??0));
const differenceFor=(row, outcome)=>row&&outcome.difference?.unit===row.unit ? outcome.difference : null;
const many=(count, word)=>`${count} ${word}${count===1 ? "" : "s"}`;
const factsOf=(shown, told, of, before, outcome, data)=>{
const { rules }=data, names=keys(of), k=names.length, own=told.filter(line=>names.includes(line.study_id)), ways=own.map(line=>line.direction);
const count=test=>names.filter(test).length, sizes=names.map(name=>of[name].participants??null), whole=sizes.every(known);
const mostly=test=>2 * total(names, (name, i)=>test(name) ? whole ? sizes[i] : 1 : 0) > (whole ? sum(sizes) : k);
const uncompared=shown&&!controlled(shown, data), randomised=name=>!uncompared&&of[name].randomised&&own.some(line=>line.study_id===name&&controlled(line, data));
const combined=name=>shown?.background ? shown.background.endsWith(rules.combined_words) : of[name].combined, judged=mostly(name=>of[name].fitting||randomised(name));
const cost=rules.bias_levels[judged ? "high" : "low"], levels=names.map(name=>max(cost[of[name].judgement]??0, uncompared||!of[name].two_groups ? cost.no_control : 0)).sort();
const people=shown?.participants??(total(sizes, Number)||null), certain=total(names, name=>of[name].certain), registered=count(name=>of[name].registered);
const each=names.map(name=>words(own.filter(line=>line.study_id===name).map(line=>line.direction)).join("/")), i2=shown?.pooled ? shown.i2 : null;
return { shown: Boolean(shown), studies: k, studies_words: k===1 ? "1 study" : `${k} studies`, randomised: count(randomised), all_randomised: count(randomised)===k, mostly_judged: judged,
participants: people, participants_words: people===null ? "participants not stated" : many(people, "participant"), combined: count(combined), mostly_combined: mostly(combined), registered, all_registered: registered===k,
all_small: sizes.every(n=>n===null||n < rules.limits.small_study), all_in_favour: ways.every(way=>way==="better"), opposed: ways.includes("better")&&ways.includes("worse"),
bias: levels[(k - 1) >> 1], judgements: names.map(name=>of[name].judgements).join(", "), certain, certain_words: `${certain} certain ${certain===1 ? "discrepancy touches" : "discrepancies touch"} it`,
directions: `directions by study: ${words(each).map(way=>`${each.filter(one=>one===way).length} ${way}`).join(", ")}`, i2, i2_words: i2===null ? "" : `; I\u00b2 ${tidy(i2)} %`,
predicts_none: i2!==null&&shown.pi_lower<=0&&0<=shown.pi_upper, ...precision(shown, before, outcome, rules) };
};
const precision=(shown, before, outcome, rules)=>{
const facts={ estimand: shown?.estimand, size: "unknown", difference: "", interval: known(shown?.ci_lower)&&known(shown?.ci_upper), crosses: false, crosses_both: false, disagree: false };
if (!facts.interval) return facts;
const [value, low, high]=fromNone(shown, rules), difference=differenceFor(shown, outcome), none=low<=0&&0<=high, size=abs(value);
if (!difference) return { ...facts, crosses: none };
const needed=difference.absolute, important=size>=needed, above=high>=needed, below=low<=-needed, share=difference.relative;
const disagree=before&&share ? important ? size / before[0] < share : size / before[1]>=share : false;
return { ...facts, disagree, size: important ? "important" : "unimportant", difference: difference.words, crosses: important ? low < needed&&high > -needed : above||below, crosses_both: important ? none : above&&below };
};
const missingEvidence=(shown, tiers, concept, outcome, studies, data)=>{ // after ROB-ME
const rule=data.missing_evidence, ids=keys(studies), [value]=fromNone(shown, data.rules);
const here=ids.filter(id=>shown.studies.includes(id)), others=ids.filter(id=>!here.includes(id)&&tiers.includes(studies[id].tier));
const having=(list, states)=>list.filter(id=>studies[id].outcomes[concept]?.states.some(state=>states.includes(state)));
const lacking=[...having(others, rule.missing), ...having(here, rule.missing_within)], sizes=lacking.map(id=>studies[id].people), yes=(sure, unsure)=>sure ? "Y" : unsure ? "NI" : "N";
const answers={ known: yes(lacking.length, having(others, rule.unclear).length), unpublished: yes(having(others, [rule.overdue]).some(id=>data.late.includes(id)), data.late.some(id=>!studies[id]&&!data.elsewhere.includes(id))),
share: !lacking.length||shown.participants===null||!sizes.every(known) ? "NI" : yes(sum(sizes)>=rule.large_share * shown.participants),
chosen: here.some(id=>!studies[id].registered)&&outcome.better&&(value > 0)===(outcome.better==="higher") ? "PY" : "N" };
return rule.algorithm.find(([, ...conditions])=>!conditions.length||conditions.some(one=>entries(one).every(([name, wanted])=>wanted.split(" ").includes(answers[name]))))[0];
};
const sizeWords=(row, data)=>{
const { scale, says }=data.rules.sizes[row.measure]||data.rules.sizes[row.estimand], [value, low, high]=NUMBERS.map(name=>showEstimate(scale==="exp" ? exp(row[name]) : scale * row[name]));
const printed=/as printed, ([\d.]+ %)/.exec(row.ci_method||""), named=printed ? `${printed[1]} interval as printed` : `${tidy(100 * data.chosen.level)} % interval`;
return say(says, { value, unit: data.units[row.unit]??row.unit??"", interval: known(row.ci_lower)&&known(row.ci_upper) ? `, ${named} ${low} to ${high}` : "" }).replace(/\s+/g, " ").trim();
};
const ends=(low, high)=>{ const [least, most]=[abs(low), abs(high)].sort((a, b)=>a - b); return [low<=0&&0<=high ? 0 : least, most]; };
const againstWords=(row, difference)=>{
if (!difference||!known(row.ci_lower)) return null;
const [least, most]=ends(row.ci_lower, row.ci_upper), { absolute, words }=difference;
return least>=absolute ? `above ${words}` : most < absolute ? `below ${words}` : `the interval includes ${words}`;
};
const placeOf=(row, difference, before, rules)=>{
if (!known(row.ci_lower)||!known(row.ci_upper)) return "missing";
const [, low, high]=fromNone(row, rules), [least, most]=ends(low, high), crosses=low<=0&&0<=high;
if (!difference) return crosses ? "unclear" : "known";
const smallest=min(difference.absolute, before&&difference.relative ? difference.relative * before[0] : Infinity);
return crosses ? most < smallest ? "trivial" : "unclear" : least>=difference.absolute ? "important" : most < smallest ? "slight" : "unsure_size";
};
const statementOf=(certainty, shown, outcome, before, data)=>{
const { rules }=data, difference=differenceFor(shown, outcome), facts={ shown: Boolean(shown), certainty }, told={ outcome: outcome.label, difference: difference?.words??"" };
if (shown) {
const rises=fromNone(shown, rules)[0] > 0, worth=rises===(outcome.better==="higher") ? "better" : "worse";
assign(told, { size: sizeWords(shown, data), worth: outcome.better ? rules.worth[worth] : "", verb: rules.verbs[rises ? "increase" : "reduce"][certainty], little: rules.little[certainty] });
assign(facts, { controlled: controlled(shown, data), difference_known: Boolean(difference), interval: placeOf(shown, difference, before, rules) });
}
return say(first(rules.statements, facts, rules.limits).says, told);
};
const priorScale=(row, choice, data)=>{
if (row.unit===data.imputed_unit) return choice.tau_prior;
const sound=row.lines.filter(line=>!line.certain_discrepancies), [, v]=onScale(row.lines), parts=row.estimand==="between_group" ? 2 : 1;
const sds=row.lines.map((line, i)=>sqrt(v[i] * (line.people||4)) / parts).filter((_, i)=>!sound.length||sound.includes(row.lines[i])).sort((a, b)=>a - b), half=sds.length >> 1;
return choice.tau_prior / choice.assumed_sd * (sds.length % 2 ? sds[half] : (sds[half - 1] + sds[half]) / 2);
};
const answer=(data, choice)=>{
const drug=data.questions[choice.question], [concept, tier]=drug ? [drug.concept] : choice.question.split("."), outcome=data.outcomes[concept]||{};
let lines=drug ? data.drugs.filter(line=>drug.ids.includes(line.effect_id)) : data.lines.filter(line=>line.concept===concept&&data.tiers[tier].includes(line.tier)&&["any", line.comparator].includes(choice.comparator));
const comparator=["any", "none"].includes(choice.comparator) ? "placebo" : choice.comparator, like=lines.find(line=>line.estimand==="between_group"&&line.measure==="MD"&&!line.contrast_doubt&&line.comparator===comparator)
|| { concept, estimand: "between_group", comparator, background: "none", unit: outcome.unit, measure: "MD", question: "own" };
const studies={ ...data.studies };
(choice.own||[]).forEach((one, place)=>{
const id=`own${place + 1}`, line=typed(one, id, like, outcome.better), participants=line.people, judgements=`your study ${place + 1} ${one.bias}`;
studies[id]={ tier: "own", registered: true, two_groups: true, judgement: one.bias, fitting: true, people: participants, outcomes: { [concept]: { states: [], participants, randomised: 1, certain: 0, combined: 0, judgements } } };
lines.push(line);
});
lines=lines.filter(line=>!choice.out.includes(line.study_id)&&!(choice.sound&&line.certain_discrepancies)).map(line=>imputed(line.arms ? figured(line, choice, data.chosen.level) : line, choice, data));
const used=lines.filter(line=>!studies[line.study_id]?.serious&&(!choice.only||line.line_id===choice.only));
let shown;
if (drug) {
const group=byStudy(used.filter(poolable)).map(madeOne);
shown=group.length > 1 ? fitted(group, choice, data) : group.map(alone)[0]||null;
} else shown=shownOf(rowsOf(used, choice, data), outcome, data.rules);
const found={ lines, shown };
if (shown) assign(found, { size: sizeWords(shown, data), against: againstWords(shown, differenceFor(shown, outcome)) });
if (shown?.pooled) { const [y, v, told]=onScale(shown.lines); found.bayes=told(bayes(y, v, priorScale(shown, choice, data), data.chosen.level)); }
if (drug) return found;
const told=lines.filter(line=>line.told), names=words((shown?.studies||told.map(line=>line.study_id)));
if (!told.length) return { ...found, certainty: "no evidence", reasons: ["No study reports this outcome."], statement: "" };
const of=fromEntries(names.map(id=>[id, { ...studies[id], ...studies[id].outcomes[concept] }])), spans=names.map(id=>of[id].before?.[shown?.unit]).filter(Boolean);
const before=spans.length ? [min(...spans.map(one=>one[0])), max(...spans.map(one=>one[1]))] : null, facts=factsOf(shown, told, of, before, outcome, data), left=unique(told.map(line=>line.study_id)).filter(id=>studies[id].serious);
facts.missing_evidence=shown ? missingEvidence(shown, data.tiers[tier], concept, outcome, studies, data) : "not judged";
facts.left_out=left.length ? `; left out for serious concerns about trust: ${left.join(", ")}` : "";
const rated=rate(facts, data.rules, outcome.overrides[tier]);
return { ...found, ...rated, statement: statementOf(rated.certainty, shown, outcome, before, data) };
};
const checked=data=>{
const near=(a, b)=>abs(a - b)<=1e-9 * max(abs(a), abs(b), 1e-9);
for (const line of data.lines) {
const made=line.arms&&figured(line, data.chosen, data.chosen.level);
if (made&&!["effect", "se", ...LIMITS].every(name=>near(made[name], line[name]))) delete line.arms;
}
return data;
};
self.whatIf={ pool, bayes, figured, answer, checked };
const into=(part, inside)=>{ part.append(...inside.flat(2).filter(Boolean)); return part; };
const make=(name, traits, ...inside)=>into(assign(document.createElement(name), traits), inside);
const draw=(name, traits, ...inside)=>{
const part=document.createElementNS("http://www.w3.org/2000/svg", name);
for (const key in traits) part.setAttribute(key, traits[key]);
return into(part, inside);
};
const span=(row, kind="ci")=>`${showEstimate(row[`${kind}_lower`])} to ${showEstimate(row[`${kind}_upper`])}`;
const table=(name, heads, rows)=>make("div", { className: "scroll", role: "region", ariaLabel: name, tabIndex: 0 }, make("table", null, make("caption", null, name), make("thead", null, make("tr", null, heads.map(head=>make("th", { scope: "col" }, head)))),
make("tbody", null, rows.map(([head, ...cells])=>make("tr", null, make("th", { scope: "row" }, head), cells.map(cell=>make("td", null, cell)))))));
const sub=(...parts)=>make("span", { className: "sub" }, parts.filter(Boolean).join(", "));
const OWN=["n1", "m1", "s1", "n2", "m2", "s2"];
const panel=(data, place)=>{
const { controls }=data, names=keys(controls), { judgements }=data.missing_evidence, isDrug=()=>choice.question in data.questions, base=()=>defaults(choice.question);
controls.question.options=fromEntries([...keys(data.outcomes).flatMap(concept=>keys(data.tiers).map(tier=>[`${concept}.${tier}`, `${data.outcomes[concept].label}, ${controls.question.tiers[tier]}`])),
...entries(data.questions).map(([key, one])=>[key, one.words])]);
const start=keys(controls.question.options)[0], nameOf=id=>data.names[id]||`Your study ${id.slice(3)}`;
const defaults=question=>({ ...data.chosen, question, comparator: "any", only: "", out: [], sound: false, own: [], sd_use: question in data.questions ? "missing" : data.chosen.sd_use });
const shown=(name, value)=>controls[name].options?.[value]??showNumber(value), differs=name=>name!=="question"&&choice[name]!==base()[name];
const valid=(name, text)=>{
const { options, low, high }=controls[name], value=options ? text : Number(text);
return text&&(options ? value in options : value>=low&&value<=high) ? value : undefined;
};
const whole=one=>one.n1 > 1&&one.n2 > 1&&Number.isFinite(one.m1 - one.m2)&&one.s1>=0&&one.s2>=0&&judgements.includes(one.bias);
let choice=defaults(start), timer;
const origin={};
const read=()=>{ // the address holds what differs from the default
const pairs=new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : ""), list=(name, mark)=>(pairs.get(name)||"").split(mark).filter(Boolean);
choice=defaults(valid("question", pairs.get("q"))??start);
names.slice(1).forEach(name=>{ choice[name]=valid(name, pairs.get(controls[name].key))??choice[name]; });
assign(choice, { only: pairs.get("only")||"", out: list("without", ","), sound: pairs.has("sound"),
own: list("own", ";").map(text=>text.split(",")).map(parts=>({ ...fromEntries(OWN.map((name, i)=>[name, Number(parts[i])])), bias: parts[6] })).filter(whole).slice(0, 9) });
};
const address=()=>{
const pairs=new URLSearchParams(choice.question===start ? "" : { q: choice.question });
names.filter(differs).forEach(name=>pairs.set(controls[name].key, choice[name]));
if (choice.out.length) pairs.set("without", choice.out);
if (choice.sound) pairs.set("sound", 1);
if (choice.only) pairs.set("only", choice.only);
if (choice.own.length) pairs.set("own", choice.own.map(one=>[...OWN.map(name=>one[name]), one.bias].join()).join(";"));
return pairs.size ? `#${pairs}` : "#what-if";
};
const fields=fromEntries(names.map(name=>{
const { label, options, low, high, step }=controls[name], range=!options&&high < 1, value=make("b"), note=make("small");
const input=options ? make("select", null, entries(options).map(([key, text])=>make("option", { value: key }, text))) : make("input", { type: range ? "range" : "number", min: low, max: high, step });
input.addEventListener("input", ()=>{
const given=valid(name, input.value);
if (given!==undefined) { choice=name==="question" ? defaults(given) : { ...choice, [name]: given }; update(name==="question"); }
});
return [name, { input, value, note, label: make("label", null, make("span", null, label, range&&value), input, note) }];
}));
const button=(text, act)=>{ const made=make("button", { type: "button" }, text); made.addEventListener("click", act); return made; };
const tick=(text, checked, act)=>{ const box=make("input", { type: "checkbox", checked }); box.addEventListener("change", ()=>{ act(box.checked); update(); }); return make("label", null, box, text); };
const typing=fromEntries(OWN.map(name=>[name, make("input", { type: "number", step: "any", ariaLabel: `${{ n: "people", m: "mean change", s: "SD" }[name[0]]}, ${name[1]==="1" ? "exosomes" : "comparator"}` })]));
const bias=make("select", null, judgements.map(word=>make("option", null, word))), studies=make("fieldset"), fault=make("small", { role: "status" });
const add=button("Add it", ()=>{
const one={ ...fromEntries(OWN.map(name=>[name, typing[name].value===""&&name[0]!=="s" ? NaN : Number(typing[name].value)])), bias: bias.value };
fault.textContent=whole(one) ? "" : "Each arm needs people and a mean.";
if (whole(one)) { choice={ ...choice, own: [...choice.own, one] }; update(true); }
});
const own=make("details", null, make("summary", null, "Add a study of your own"), table("Change in each arm", ["arm", "people", "mean", "SD"], ["exosomes", "comparator"].map((arm, i)=>[arm, ...OWN.slice(3 * i, 3 * i + 3).map(name=>typing[name])])),
make("label", null, make("span", null, "risk of bias"), bias), make("p", null, "Counted as randomised and registered."), add, fault);
const link=make("a", null, "Link to this"), bar=make("p", { className: "what-if-bar" }, button("Reset to the default", ()=>{ choice=base(); update(true); }), link);
const state=make("p"), result=make("div"), reasons=make("ul"), why=make("details", null, make("summary", null, "Why this certainty"), reasons), status=make("p", { className: "visually-hidden", role: "status" });
place.after(make("div", { className: "what-if" }, make("div", { className: "what-if-form" }, names.map(name=>fields[name].label), studies, own),
make("div", null, state, bar, result, why, make("p", { className: "what-if-from" }, "Computed in your browser from ", make("a", { href: "data.html#effects" }, "effects"), " and ", make("a", { href: "data.html#comparators" }, "comparators"), "."), status)));
const list=()=>{
const there=unique(answer(data, { ...choice, out: [], sound: false }).lines.filter(line=>line.told||isDrug()).map(line=>line.study_id));
studies.replaceChildren(make("legend", null, "studies"), ...there.map(id=>tick(nameOf(id), !choice.out.includes(id), on=>{ choice={ ...choice, out: on ? choice.out.filter(one=>one!==id) : [...choice.out, id] }; })),
tick("none with a certain discrepancy", choice.sound, sound=>{ choice={ ...choice, sound }; }));
};
const update=anew=>{
const found=answer(data, choice), before=origin[choice.question] ??= answer(data, base()), pooled=found.shown?.pooled, imputes=found.lines.some(line=>imputable(line, data)), moves={ question: true, comparator: !isDrug(), tau2_method: pooled, ci_method: pooled, tau_prior: pooled,
sd_use: imputes, assumed_sd: imputes&&choice.sd_use!=="printed", pre_post_correlation: found.lines.some(line=>line.arms?.some(arm=>arm.se[1]&&arm.r===null)), site_correlation: found.lines.some(line=>line.estimand==="within_participant") };
for (const [name, { input, value, note, label }] of entries(fields)) {
if (valid(name, input.value)!==choice[name]) input.value=choice[name];
value.textContent=shown(name, choice[name]);
note.textContent=differs(name) ? `default: ${shown(name, base()[name])}` : moves[name] ? "" : "not used";
label.classList.toggle("changed", differs(name));
}
if (anew) list();
const made=[...names.filter(differs).map(name=>`${controls[name].label} ${shown(name, choice[name])}`), ...choice.out.map(id=>`without ${nameOf(id)}`), ...(choice.only ? ["another estimate"] : []), ...(choice.sound ? ["no certain discrepancy"] : []), ...choice.own.map((_, i)=>`with your study ${i + 1}`)];
state.className=made.length ? "changed" : "";
state.replaceChildren(make("b", null, made.length ? "Changed: " : "Default: "), made.join("; ")||"as in this report", ".");
bar.hidden=!made.length;
link.href=address();
if (made.length||location.hash.includes("=")) history.replaceState(null, "", link.href);
const facts={ Estimate: one=>one.size||"none", "Standard error": one=>known(one.shown?.se)&&showEstimate(one.shown.se), "Smallest difference": one=>one.against||one.shown&&"none known in this unit", Certainty: one=>one.certainty ? `${data.rules.symbols[one.certainty]||""} ${one.certainty}${one.target ? `: ${one.target}` : ""}` : "not rated: context",
"Between studies": one=>one.bayes&&`tau\u00b2 ${showEstimate(one.shown.tau2)}, I\u00b2 ${round(one.shown.i2)} %; next study ${span(one.shown, "pi")}`, Bayesian: one=>one.bayes&&`${showEstimate(one.bayes.estimate)} (${span(one.bayes)})` };
const lines=entries(facts).map(([term, told])=>[term, told(found), told(before)]).filter(([, now, then])=>now||then);
result.replaceChildren(make("p", { className: "what-if-says" }, found.statement), make("dl", null, lines.map(([term, now, then])=>make("div", null, make("dt", null, term), make("dd", null, now||"none", then&&now!==then&&make("small", null, `default: ${then}`))))), forest(found, made.length ? before.shown : null));
why.hidden=!found.reasons;
reasons.replaceChildren(...(found.reasons||[]).map(text=>make("li", null, text.replace(/[\w-]+/g, word=>data.names[word]||word))));
clearTimeout(timer);
timer=setTimeout(()=>{ status.textContent=`${state.textContent} ${found.size||"No estimate"}. ${found.certainty ? `Certainty ${found.certainty}.` : ""}`; }, 500);
};
const forest=({ lines, shown: main }, before)=>{
const outcome=data.outcomes[(main||lines[0])?.concept]||{}, difference=differenceFor(main, outcome), used=line=>Boolean(main?.lines.some(one=>one.study_id===line.study_id&&one.question===line.question&&one.timepoint_weeks===line.timepoint_weeks));
const rows=lines.filter(line=>known(line.effect)&&line.estimand!=="proportion").sort((a, b)=>used(b) - used(a)).map(line=>({ ...line, estimate: line.effect, is: "is", name: nameOf(line.study_id),
more: [data.estimands[line.estimand], known(line.timepoint_weeks)&&`week ${round(line.timepoint_weeks)}`, line.sd_imputed&&"SD imputed", !used(line)&&"not in the answer"], rate: !used(line)&&!isDrug()&&button("Rate this one", ()=>{ choice={ ...choice, only: line.line_id }; update(); bar.firstChild.focus(); }) }));
if (main?.pooled) rows.push({ ...main, is: "is sum", name: "Pooled", more: [`${main.k} studies`] });
if (before) rows.push({ ...before, is: "was", name: "Default", more: ["unchanged"] });
const drawn=rows.filter(one=>one.unit===main?.unit&&one.measure===main.measure&&known(one.ci_lower)), all=[0, difference?.absolute??0, ...drawn.flatMap(one=>LIMITS.map(name=>one[name]))];
const low=min(...all), high=max(...all), x=value=>(6 + 188 * (value - low) / (high - low||1)).toFixed(1), rule=(kind, value)=>draw("path", { class: kind, d: `M${x(value)} 0V28` });
const plot=one=>draw("svg", { viewBox: "0 0 200 28", "aria-hidden": "true" }, drawn.includes(one)&&[rule("none", 0), difference&&rule("least", difference.absolute), draw("path", { class: one.is, d: `M${x(one.ci_lower)} 14H${x(one.ci_upper)}` }),
draw("path", { class: one.is, d: one.is==="is sum" ? `M${x(one.ci_lower)} 14L${x(one.estimate)} 7L${x(one.ci_upper)} 14L${x(one.estimate)} 21Z` : `M${x(one.estimate)} 10m-4 0h8v8h-8z` })]);
const told=one=>`${showEstimate(one.estimate)} ${known(one.ci_lower) ? `(${span(one)})` : "(no interval)"} ${data.units[one.unit]??one.unit??""}`;
return rows.length&&table(`Estimates. Solid line: no effect${difference ? `; dashed: ${difference.words}` : ""}.`, ["study", "estimate", "interval"], rows.map(one=>[[one.name, sub(...one.more), one.rate], [told(one), known(one.se)&&sub(`standard error ${showEstimate(one.se)}`)], plot(one)]));
};
addEventListener("hashchange", ()=>{ if (location.hash.includes("=")) { read(); update(true); } });
read();
update(true);
if (!bar.hidden) place.nextElementSibling.scrollIntoView();
};
const held=document.getElementById("what-if-data");
if (held) panel(checked(JSON.parse(held.textContent)), held);
})();
