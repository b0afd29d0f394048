"""What answers tell of conditions: figures of one image, compared between drug and control."""
