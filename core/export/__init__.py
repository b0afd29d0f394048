"""What leaves the program: labels and answers, in the formats that others read."""
