"""What each loss punishes, on maps whose errors are known."""

import torch

from core.pipeline import losses


def half() -> torch.Tensor:
    """Return a target (1, 16, 32): class 1 from column 16."""
    target = torch.zeros(1, 16, 32, dtype=torch.long)
    target[:, :, 16:] = 1
    return target


def sure(target: torch.Tensor) -> torch.Tensor:
    """Return logits of a network that is quite sure of these two classes."""
    return 4.0 * torch.stack([(target == c).float() - 0.5 for c in (0, 1)], dim=1)


def wrong_at(columns: slice) -> torch.Tensor:
    told = half()
    told[:, :, columns] = 1 - told[:, :, columns]
    return sure(told)


def test_errors_near_a_border_cost_more_only_where_borders_weigh() -> None:
    near, far = wrong_at(slice(14, 16)), wrong_at(slice(2, 4))
    weighted = [losses.classes("boundary_weighted", one, half(), None) for one in (near, far)]
    plain = [losses.classes("dice_ce", one, half(), None) for one in (near, far)]
    assert weighted[0] > 1.3 * weighted[1]
    torch.testing.assert_close(plain[0], plain[1])


def test_borders_stand_on_both_sides_of_a_change_and_not_at_what_nobody_annotated() -> None:
    target = half()
    target[:, :, 24:] = -1
    weights = losses.near_border(target)[0, 8]
    assert (weights > 1).nonzero().flatten().tolist() == [14, 15, 16, 17]


def test_borders_between_touching_objects_are_told_beside() -> None:
    between = torch.zeros(1, 16, 32, dtype=torch.bool)
    between[:, :, 10] = True
    weights = losses.near_border(torch.ones(1, 16, 32), between)[0, 8]
    assert (weights > 1).nonzero().flatten().tolist() == [8, 9, 10, 11, 12]


def test_tversky_punishes_missing_more_than_inventing() -> None:
    missing, inventing = wrong_at(slice(16, 20)), wrong_at(slice(12, 16))
    target = (half() == 1).long()
    tversky = [
        losses.foreground("tversky_ce", one[:, 1] - one[:, 0], target)
        for one in (missing, inventing)
    ]
    dice = [
        losses.foreground("dice_ce", one[:, 1] - one[:, 0], target) for one in (missing, inventing)
    ]
    assert tversky[0] - tversky[1] > dice[0] - dice[1] + 0.02


def test_directions_are_judged_inside_only() -> None:
    inside = torch.zeros(1, 4, 4, dtype=torch.bool)
    inside[:, 1, 1] = True
    target = torch.zeros(1, 2, 4, 4)
    target[:, 0, 1, 1] = 1
    assert losses.direction(target, target, inside) == 0
    assert losses.direction(-target, target, inside) == 4
    assert losses.direction(torch.ones(1, 2, 4, 4), target, inside & False) == 0
