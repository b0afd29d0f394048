"""What an answer says of the whole image."""

from core.pipeline.answers import Answer


def test_most_probable_class_is_the_image_class():
    assert Answer(probabilities=(0.2, 0.7, 0.1)).image_class == 1
    assert Answer().image_class is None
