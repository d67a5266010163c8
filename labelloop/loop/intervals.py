"""The interval of a share that a sample tells, as audits show it. Pure."""

from math import sqrt

Z95 = 1.959964


def wilson(share: float, size: int, fraction: float = 0.0) -> tuple[float, float]:
    """The 95 % Wilson interval of a share in a sample of `size` (Wilson 1927).

    `fraction`: the sampled fraction of the population, for the finite population correction (Cochran 1977,
    ch. 3).
    """
    if fraction >= 1:
        return share, share
    doubt = Z95**2 * (1 - fraction) / size
    centre = (share + doubt / 2) / (1 + doubt)
    half = sqrt(doubt * share * (1 - share) + doubt**2 / 4) / (1 + doubt)
    return max(0.0, centre - half), min(1.0, centre + half)
