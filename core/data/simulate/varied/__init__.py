"""Pictures of objects of every kind, from which a network learns what objects are at all.

They resemble no specimen in particular: sizes, shapes, crowding, light, colour, texture, blur and
noise are drawn from ranges wider than microscopes show. Source of the idea: Tobin et al., "Domain
randomization", IROS 2017; for cells: Dey et al., "AnyStar", WACV 2024.

shapes.py   where objects lie and what outline they have
looks.py    what they look like
picture.py  one picture of both
"""

from core.data.simulate.varied.picture import Picture, picture

__all__ = ["Picture", "picture"]
