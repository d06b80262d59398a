"""Where the sun is, well enough for a lesson: within some minutes of an almanac."""

import csv
from collections import namedtuple
from math import acos, asin, cos, degrees, pi, radians, sin

City = namedtuple("City", "name country latitude")

AXIAL_TILT = 23.44
HORIZON = -0.833
"""Degrees: the sun rises when its upper edge shows, and air bends its light."""

DEGREES_A_DAY = 360 / 365.25


def declination(day):
    """How far north of the equator the sun stands on a day of the year (1 to 365), in degrees."""
    # The Earth is nearest to the sun, and fastest, around the third day of the year.
    ahead = 1.915 * sin(radians(DEGREES_A_DAY * (day - 3)))
    longitude = 279.3 + DEGREES_A_DAY * day + ahead
    return degrees(asin(sin(radians(AXIAL_TILT)) * sin(radians(longitude))))


def day_length(latitude, day):
    """Hours between sunrise and sunset."""
    north, sun = radians(latitude), radians(declination(day))
    cosine = (sin(radians(HORIZON)) - sin(north) * sin(sun)) / (cos(north) * cos(sun))
    if cosine <= -1:
        return 24.0
    if cosine >= 1:
        return 0.0
    return 24 / pi * acos(cosine)


def cities(path="data/cities.csv"):
    """The cities of a CSV file, from north to south."""
    with open(path, encoding="utf-8") as file:
        read = [City(r["city"], r["country"], float(r["latitude"])) for r in csv.DictReader(file)]
    return sorted(read, key=lambda city: -city.latitude)


def clock(hours):
    """Hours as people say them: 15.5 is "15 h 30"."""
    whole, minutes = divmod(round(hours * 60), 60)
    return f"{whole} h {minutes:02}"
