"""The quarterly report: the review's questions in order, its workbook and its tidy table."""
