"""What plots share: colors and axes."""

# Okabe and Ito's colors, which people with any kind of color vision can tell apart, without the
# yellow that is too pale for lines on white
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":")
GRAY = "#767676"


def strategy_styles(names, baseline):
    """Return a color and a line style for each strategy; the baseline is gray and dashed."""
    styles, i = {}, 0
    for name in names:
        if name == baseline:
            styles[name] = {"color": GRAY, "linestyle": (0, (4, 2))}
            continue
        line_style = LINE_STYLES[i // len(COLORS) % len(LINE_STYLES)]
        styles[name] = {"color": COLORS[i % len(COLORS)], "linestyle": line_style}
        i += 1
    return styles


def clean_axes(ax, grid):
    """Take away what only decorates, and draw a grid along the axis that carries values."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=grid, color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def count_in_integers(ax):
    """Put ticks of the x axis at integers only: there are no parts of labels."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def add_share_axis(ax, n_samples):
    """Draw a second x axis above, in % of all labels there are to get, and say so in the title."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    to_percent = (lambda n: 100 * n / n_samples, lambda percent: percent * n_samples / 100)
    above = ax.secondary_xaxis("top", functions=to_percent)
    above.xaxis.set_major_locator(MaxNLocator(9, steps=[1, 2, 5, 10]))
    above.xaxis.set_major_formatter(FuncFormatter(lambda percent, _: f"{percent:g} %"))
    above.tick_params(labelsize="small", colors="#555555", length=2)
    above.spines["top"].set_visible(False)
    note = f"{ax.get_title(loc='left')}; top: % of {n_samples:,} labeled"
    ax.set_title(note, loc="left", fontsize="small", color="#555555")
