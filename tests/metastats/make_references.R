# Make data/references.json: what metafor, clubSandwich, MASS and plain R say of small made-up data sets.
# Run `Rscript tests/metastats/make_references.R` with these packages (made with metafor 3.8-1, clubSandwich
# 0.5.8, MASS 7.3, pROC 1.18 under R 4.2.2). None of them is a dependency; the tests read the file alone.
suppressMessages({library(metafor); library(clubSandwich); library(MASS); library(pROC); library(jsonlite)})
number <- function(x) unname(as.numeric(x))

# Two by two tables: a zero cell, an empty table, a table without non-events, unequal arms.
tables <- list(
  sparse = list(ai = c(0, 2, 1, 0), n1i = c(10, 50, 40, 25), ci = c(3, 5, 4, 0), n2i = c(20, 52, 41, 25)),
  usual = list(ai = c(15, 12, 29, 42), n1i = c(20, 40, 47, 60), ci = c(8, 10, 12, 30), n2i = c(20, 38, 50, 30)),
  pair = list(ai = c(15, 30), n1i = c(20, 61), ci = c(8, 21), n2i = c(20, 59)))
pooled <- function(fit) list(estimate = number(fit$beta), se = fit$se, ci_lower = fit$ci.lb, ci_upper = fit$ci.ub,
                             p_value = fit$pval, q = fit$QE, q_p_value = fit$QEp)
mantel_haenszel <- lapply(tables, function(x) suppressWarnings(list(inputs = x,
  OR = pooled(do.call(rma.mh, c(x, measure = "OR"))), RR = pooled(do.call(rma.mh, c(x, measure = "RR"))),
  RD = pooled(do.call(rma.mh, c(x, measure = "RD"))), PETO = pooled(do.call(rma.peto, x)))))

# Proportions: rma.glmm by many nodes, and the same likelihood by R's own integrate() with tight tolerances.
shares <- list(full = list(xi = c(14, 20, 27), ni = c(16, 20, 30)), uneven = list(xi = c(4, 2, 20, 9), ni = c(16, 20, 30, 25)),
               empty = list(xi = c(0, 3, 11, 0, 7), ni = c(12, 40, 25, 9, 18)), mild = list(xi = c(3, 8, 11, 5), ni = c(20, 22, 21, 25)))
exact_fit <- function(x, n) {
  one <- function(mu, tau, x, n) {
    height <- function(z) x * plogis(mu + tau * z, log.p = TRUE) + (n - x) * plogis(-mu - tau * z, log.p = TRUE) + dnorm(z, log = TRUE)
    top <- optimize(height, c(-10, 10), maximum = TRUE)
    f <- function(z) exp(height(z) - top$objective)
    parts <- sapply(list(c(-15, top$maximum), c(top$maximum, 15)), function(l) integrate(f, l[1], l[2], rel.tol = 1e-12, subdivisions = 1000)$value)
    log(sum(parts)) + top$objective
  }
  loss <- function(p) -sum(mapply(function(x, n) one(p[1], p[2], x, n), x, n))
  fit <- optim(c(qlogis(sum(x) / sum(n)), 0.5), loss, method = "BFGS", control = list(reltol = 1e-15, maxit = 500))
  hessian <- optimHess(fit$par, loss, control = list(ndeps = c(1e-4, 1e-4)))
  list(estimate = fit$par[1], tau2 = fit$par[2]^2, se = sqrt(solve(hessian)[1, 1]))
}
logits <- lapply(shares, function(s) {
  fit <- rma.glmm(measure = "PLO", xi = s$xi, ni = s$ni, nAGQ = 50)
  t_fit <- rma.glmm(measure = "PLO", xi = s$xi, ni = s$ni, nAGQ = 50, test = "t")
  list(inputs = s, glmm = list(estimate = number(fit$beta), se = fit$se, tau2 = fit$tau2, q = fit$QE.LRT, q_p_value = fit$QEp.LRT,
                               t_lower = t_fit$ci.lb, t_upper = t_fit$ci.ub), exact = exact_fit(s$xi, s$ni))
})
single <- lapply(list(c(0, 10), c(20, 20), c(14, 16), c(1, 7), c(61, 66)), function(s) list(x = s[1], n = s[2],
  exact = number(binom.test(s[1], s[2])$conf.int), exact90 = number(binom.test(s[1], s[2], conf.level = 0.9)$conf.int),
  wilson = number(suppressWarnings(prop.test(s[1], s[2], correct = FALSE)$conf.int))))

# Dependent effects: vcalc, the three-level model with a sampling covariance, robust errors of metafor and clubSandwich.
effects <- data.frame(study = c("a", "a", "b", "c", "c", "c", "d", "e", "e", "f"), outcome = c("x", "y", "x", "x", "x", "y", "y", "x", "y", "x"),
  time = c(12, 12, 24, 12, 24, 24, 12, 12, 24, 52), y = c(0.3, 0.5, 0.1, 0.9, 1.1, 0.7, 0.2, 0.45, -0.1, 0.6),
  v = c(0.02, 0.03, 0.01, 0.05, 0.02, 0.04, 0.03, 0.02, 0.06, 0.05))
by_time <- vcalc(v, cluster = study, type = outcome, time1 = time, rho = 0.6, phi = 0.97, data = effects)
constant <- vcalc(v, cluster = study, obs = seq_along(v), rho = 0.4, data = effects)
tight <- list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 10000)
robust_fit <- function(fit) {
  cr2 <- coef_test(fit, vcov = "CR2", cluster = effects$study, test = "Satterthwaite")
  cr1 <- robust(fit, cluster = effects$study, adjust = TRUE)
  list(CR1 = list(se = cr1$se, df = number(cr1$dfs), p_value = number(cr1$pval)),
       CR2 = list(se = cr2$SE, df = number(if (is.null(cr2$df_Satt)) cr2$df else cr2$df_Satt), p_value = number(if (is.null(cr2$p_Satt)) cr2$p_val else cr2$p_Satt)))
}
three <- function(covariance, method) {
  fit <- rma.mv(y, covariance, random = ~ 1 | study/id, data = transform(effects, id = seq_along(y)), method = method, control = tight)
  c(list(estimate = number(fit$beta), se = fit$se, between = fit$sigma2[1], within = fit$sigma2[2], log_likelihood = number(logLik(fit))), robust_fit(fit))
}
dl <- rma(y, v, data = effects, method = "DL"); ee <- rma(y, v, data = effects, method = "EE")
dependent <- list(inputs = as.list(effects), by_time = by_time, constant = constant, three = list(
  independent = three(effects$v, "REML"), by_time = three(by_time, "REML"), constant = three(constant, "ML")),
  DL = robust_fit(dl), EE = robust_fit(ee))

# Counts on an ordered scale: polr, the area by pROC, wilcox.test, and Cliff's delta from the matrix of dominance.
scales <- list(usual = list(c(1, 2, 5, 8), c(4, 6, 4, 2)), three = list(c(0, 3, 9), c(6, 5, 4)), unequal = list(c(2, 0, 4, 7, 1), c(9, 3, 0, 5, 8)),
               two = list(c(3, 9), c(8, 5)), values = list(c(0, 1, 0, 1, 1, 1, 1, 0, 1, 1), c(1, 1, 1, 0, 1, 0, 0, 1, 0, 0)))
cliff <- function(x, y) {
  d <- sign(outer(x, y, "-")); n <- length(x); m <- length(y); delta <- mean(d)
  variance <- (m^2 * sum((rowMeans(d) - delta)^2) + n^2 * sum((colMeans(d) - delta)^2) - sum((d - delta)^2)) / (n * m * (n - 1) * (m - 1))
  z <- qt(0.975, n + m - 2) * sqrt(variance)
  list(delta = delta, se = sqrt(variance), limits = (delta - delta^3 + c(-1, 1) * z * sqrt((1 - delta^2)^2 + z^2)) / (1 - delta^2 + z^2))
}
ranks <- lapply(scales, function(s) {
  x <- rep(seq_along(s[[1]]), s[[1]]); y <- rep(seq_along(s[[2]]), s[[2]])
  used <- sort(unique(c(x, y)))
  odds <- if (length(used) > 2) {
    fit <- polr(factor(c(x, y), levels = used, ordered = TRUE) ~ rep(1:0, c(length(x), length(y))), Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
    list(estimate = number(coef(fit)), se = sqrt(vcov(fit)[1, 1]), log_likelihood = number(logLik(fit)))
  } else {
    fit <- glm(c(x, y) == used[2] ~ rep(1:0, c(length(x), length(y))), family = binomial, epsilon = 1e-14)
    list(estimate = number(coef(fit)[2]), se = sqrt(vcov(fit)[2, 2]), log_likelihood = number(logLik(fit)))
  }
  c(list(counts1 = s[[1]], counts2 = s[[2]], odds = odds, p_value = wilcox.test(x, y, exact = FALSE)$p.value,
    area = number(auc(rep(1:0, c(length(x), length(y))), c(x, y), direction = "<", levels = c(0, 1)))), cliff(x, y))
})
newcombe <- function(u, n1, n2, z = qnorm(0.975)) {
  theta <- u / (n1 * n2)
  se <- function(x) sqrt(x * (1 - x) * (1 + ((n1 + n2) / 2 - 1) * ((1 - x) / (2 - x) + x / (1 + x))) / (n1 * n2))
  lower <- uniroot(function(x) theta - x - z * se(x), c(1e-12, theta - 1e-9), tol = 1e-14)$root
  upper <- if (theta == 1) 1 else uniroot(function(x) x - theta - z * se(x), c(theta + 1e-9, 1), tol = 1e-14)$root
  list(u = u, n1 = n1, n2 = n2, se = se(theta), limits = c(lower, upper))
}
areas <- list(newcombe(86.5, 10, 10), newcombe(150, 12, 25), newcombe(40, 5, 8))

write_json(list(ranks = ranks, areas = areas, dependent = dependent, tables = mantel_haenszel, logits = logits, single = single),
           file.path("tests", "metastats", "data", "references.json"), digits = 14, auto_unbox = TRUE, pretty = TRUE)
