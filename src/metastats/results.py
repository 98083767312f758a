"""What results have in common: how they print themselves, and of a fit test, interval and heterogeneity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from metastats.checks import plain_result
from metastats.heterogeneity import chi2_p, critical_value, tau2_standard_error, two_sided_p, typical_variance

MOST_ROWS = 10
LEFT_ALIGN = ' style="text-align:left"'


class Printed:
    """A result that prints itself: names and values, or the first rows of a table, below a title."""

    def _content(self) -> tuple[str, Mapping[str, Any] | pd.DataFrame]:
        """Return title and content; unless a class says otherwise, those are its name and fields."""
        return type(self).__name__, vars(self)

    def __repr__(self) -> str:
        title, content = self._content()
        if isinstance(content, pd.DataFrame):
            more = f"\n{len(content) - MOST_ROWS} more" if len(content) > MOST_ROWS else ""
            return f"{title}\n{content.head(MOST_ROWS).map(short).to_string()}{more}"
        width = max(map(len, content))
        return "\n".join([title, *(f"  {name:<{width}}  {short(value)}" for name, value in content.items())])

    def _repr_html_(self) -> str:
        title, content = self._content()
        if isinstance(content, pd.DataFrame):
            return rows_html(title, content.to_dict("records"), content.columns)
        return pairs_html(title, content)


def short(value: Any) -> str:
    """Return a value for the prompt: numbers in four significant digits, a missing one as a dash."""
    if isinstance(value, np.ndarray) and value.ndim:
        more = ", \N{HORIZONTAL ELLIPSIS}" if value.size > MOST_ROWS else ""
        return ", ".join(short(float(one)) for one in value.ravel()[:MOST_ROWS]) + more
    if value is None or value != value:  # NaN is not itself
        return "\N{EN DASH}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def pairs_html(title: str, pairs: Mapping[str, Any]) -> str:
    """Return names and values as an HTML table."""
    rows = "".join(
        f'<tr><th scope="row"{LEFT_ALIGN}>{escape(name)}</th><td{LEFT_ALIGN}>{escape(short(value))}</td></tr>'
        for name, value in pairs.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


def rows_html(title: str, rows: Sequence[Mapping[Any, Any]], columns: Iterable[str]) -> str:
    """Return the first rows as an HTML table with its columns, and how many more there are."""
    names = list(columns)
    head = "".join(f'<th scope="col"{LEFT_ALIGN}>{escape(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td{LEFT_ALIGN}>{escape(short(row.get(name)))}</td>" for name in names) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = f"; {len(rows) - MOST_ROWS} more are not shown" if len(rows) > MOST_ROWS else ""
    return (
        f"<table><caption>{escape(title)}{more}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


class Estimated(Printed):
    """One estimate, or an array of them, with `estimate`, `se`, `df` (None: normal) and `level`."""

    estimate: Any
    se: Any
    df: Any
    level: float

    def _interval(self) -> dict[str, Any]:
        """Return the rows that print the estimate with its interval and test."""
        limits = f"{short(self.ci_lower)} to {short(self.ci_upper)}"
        named = f"{100 * self.level:g} % interval{self._test_named()}"
        return {"estimate": self.estimate, named: limits, "p": self.p_value}

    def _test_named(self) -> str:
        return "" if self.df is None else f" (t, df {short(self.df)})"

    @cached_property
    def stat(self) -> Any:
        """Test statistic of the hypothesis that the effect is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return plain_result(np.divide(self.estimate, self.se))

    @cached_property
    def p_value(self) -> Any:
        """Two-sided p-value of `stat`."""
        return plain_result(two_sided_p(self.stat, self.df))

    @cached_property
    def _critical(self) -> Any:
        return critical_value(self.level, self.df)

    @property
    def ci_lower(self) -> Any:
        """Lower confidence limit."""
        return self.estimate - self._critical * self.se

    @property
    def ci_upper(self) -> Any:
        """Upper confidence limit."""
        return self.estimate + self._critical * self.se


class Heterogeneous(Estimated):
    """A fit, or an array of fits, by `method` of the effects in `_model`, with `tau2` between the studies."""

    method: str
    tau2: Any
    _model: Any

    @cached_property
    def se_tau2(self) -> Any:
        """Standard error of tau2; NaN for EE and for one study."""
        return plain_result(tau2_standard_error(self._model, self.method, np.asarray(self.tau2)))

    @cached_property
    def q(self) -> Any:
        """Cochran's Q, with inverse-variance weights; of the residuals where there are moderators."""
        return plain_result(np.where(self.q_df > 0, self._model.profile(0.0).q(), 0.0))

    @property
    def q_df(self) -> Any:
        """Degrees of freedom of q."""
        return self._model.df

    @cached_property
    def q_p_value(self) -> Any:
        """P-value of q."""
        return plain_result(chi2_p(self.q, self.q_df))

    @cached_property
    def typical_variance(self) -> Any:
        """Typical sampling variance, the within-study part of i2; NaN for one study."""
        return plain_result(typical_variance(self._model))

    @property
    def i2(self) -> Any:
        """Share of the (unexplained) variation that is between studies, in percent; 0 for one study."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.method == "EE":
                share = np.maximum(0.0, 1 - np.divide(self.q_df, self.q))
            else:
                share = np.divide(self.tau2, self.tau2 + self.typical_variance)
        return plain_result(100 * np.where((self.q_df > 0) & np.isfinite(share), share, 0.0))

    @property
    def h2(self) -> Any:
        """Total (unexplained) variation as a multiple of the sampling variation; 1 for one study."""
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.divide(self.q, self.q_df)
            ratio = own if self.method == "EE" else 1 + np.divide(self.tau2, self.typical_variance)
        return plain_result(np.where(self.q_df > 0, ratio, 1.0))
