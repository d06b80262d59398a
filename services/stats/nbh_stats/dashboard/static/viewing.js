// Where a student's notebook can be looked at, of this page's course.

const [, course] = document.body.dataset.api.match(/^\/api\/stats\/courses\/([^/]+)$/) || [];

// The address; undefined where no course is shown.
export function viewing(student, notebook) {
  return course && `/view?${new URLSearchParams({ course, student, notebook })}`;
}
