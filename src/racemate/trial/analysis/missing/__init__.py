"""Missing: what stands in for ratings that nobody took: single values, and multiple imputation by a stated assumption."""
