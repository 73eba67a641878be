"""What a row of the table says about ours: met or missed, and where neither can be said, why."""

FLOOR = "floor"

# By how much a figure of one and the same server differs between two rounds of a quiet machine, at most. Who is ahead of a
# floor by more shows that it is none.
NOISE = 0.03

# From this share of its core on the load tool is as much what is measured as the server: it says so itself there.
BUSY = 0.8


def ahead(results, row, titles):
    """Who is ahead of the floor, most of all, and by which ratio; None where nobody is."""
    ratios = {server: results.ratio(row, server, FLOOR) for server in titles if server != FLOOR}
    best = max if row.higher_is_better else min
    known = [(server, ratio) for server, ratio in ratios.items() if ratio is not None]
    server, ratio = best(known, key=lambda it: it[1], default=(None, 1))
    beaten = ratio > 1 + NOISE if row.higher_is_better else ratio < 1 - NOISE
    return (server, ratio) if beaten else None


def has_base(results, row, titles):
    """Whether ratios to its base say something."""
    return row.base is not None and not (row.base == FLOOR and ahead(results, row, titles))


def busy(results, row, server):
    """The load tool's share, where that is so much that it is measured as well."""
    share = results.tool_share(row, server)
    return share if row.by_the_clock and share and share >= BUSY else None


def verdict(results, row, titles, ours):
    """For the last column."""
    if (value := results.median(row, ours)) is None:
        return "not measured"
    if row.base is None:
        return said(row, value)
    if not has_base(results, row, titles):
        server, by = ahead(results, row, titles)
        # The base is what the aim is set against, whatever a better one would say.
        if server == ours:
            return f"met: ahead of the base ({by:.2f} of it)"
        return f"not judged: base is no floor ({titles[server]} has {by:.2f} of it)"
    base = titles.get(row.base, row.base)
    if (ratio := results.ratio(row, ours, row.base)) is None:
        return f"not judged: no {base} in the same round"
    # With a faster tool the base may have more, and the ratio be less.
    if row.reaches(ratio) and (share := busy(results, row, row.base)):
        return f"not judged: with {base} the load tool used {share:.2f} of its core"
    return said(row, ratio)


def said(row, value):
    return "met" if row.reaches(value) else "**missed**"
