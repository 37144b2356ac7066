"""The 1000 ImageNet classes by name, and the groups above them. Nothing here imports torch."""

from puppyslug.labels.finding import class_name, find_label
from puppyslug.labels.records import Label, groups_of, list_labels
from puppyslug.labels.searching import search_labels

__all__ = ["Label", "class_name", "find_label", "groups_of", "list_labels", "search_labels"]
