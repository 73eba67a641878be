"""The tables for people."""

from verdict import BUSY, ahead, busy, has_base, verdict

# Marks figures for which the load tool used nearly all of its core.
TOOL = "ᵗ"


def markdown(results, rows, titles, ours):
    """The table of ratios as it stands in web/docs/performance.md: others first, then ours with its aim. Below it what it hangs on."""
    others = {server: title for server, title in titles.items() if server != ours}
    head = ["", *others.values(), titles[ours], f"aim for {titles[ours]}", "verdict"]
    lines = []
    for row in measured(results, rows, titles):
        values = [marked(results, row, server, titles) for server in [*others, ours]]
        lines.append([title(results, row, titles), *values, aim(row), verdict(results, row, titles, ours)])
    return table(head, lines, left=1, right=2)


def figures(results, rows, titles):
    """The figures that the ratios come from, and the load tool's share of its core beside them."""
    lines = []
    for row in measured(results, rows, titles):
        lines.append([f"{row.name}, {row.unit}", *(cell(results.median(row, server)) for server in titles)])
        shares = [results.tool_share(row, server) for server in titles]
        if any(shares):
            lines.append([f"{row.name}, the tool's core", *(cell(share) for share in shares)])
    return table(["", *titles.values()], lines)


def circumstances(results):
    """What was measured and how often, as it was then: not what is installed now."""
    settings = results.settings
    said = [f"{results.rounds()} rounds, {settings['otomo']}, Linux {settings['kernel']}", ""]
    return "\n".join(said + [f"- {name}: {version}" for name, version in settings["versions"].items()])


def notes(results, rows, titles):
    """What the marks mean, and who failed."""
    said = []
    for row in measured(results, rows, titles):
        if found := ahead(results, row, titles):
            server, by = found
            said.append(f"- {row.name}: the floor is none, {titles[server]} has {by:.2f} of it.")
        if any(busy(results, row, server) for server in titles):
            said.append(
                f"- {row.name}: {TOOL} the load tool used {BUSY:g} of its core or more: its speed as much as the server's."
            )
    said += [f"- {titles.get(it.server, it.server)}, {it.row}: {it.failed}" for it in results.failures()]
    return "\n".join(said)


def measured(results, rows, titles):
    return [row for row in rows if results.servers(row) & set(titles)]


def title(results, row, titles):
    """With what the base had."""
    if not row.base:
        return row.title
    if not has_base(results, row, titles):
        return f"{row.title}: base is no floor, figures in {row.unit}"
    return f"{row.title} ({cell(results.median(row, row.base))} {row.unit})"


def marked(results, row, server, titles):
    """The figure, or its ratio to the base if that is one."""
    ratios = has_base(results, row, titles)
    value = results.ratio(row, server, row.base) if ratios else results.median(row, server)
    return cell(value) + (TOOL if busy(results, row, server) else "")


def aim(row):
    return f"{'≥' if row.higher_is_better else '≤'} {row.aim:g}"


def cell(value):
    """Three digits of a small figure, whole numbers of a large one."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def table(head, lines, left=1, right=0):
    """The first columns and the last are texts, those between them figures."""
    rule = [*["---"] * left, *["---:"] * (len(head) - left - right), *["---"] * right]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])
