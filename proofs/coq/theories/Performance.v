(** Values over a horizon, and the performance difference with response error (C7).

    The index [n] counts the steps to go; the actions [X] may be pairs of leader and follower actions. *)
From Coq Require Import Reals List Lra.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Section Horizon.
Context {S X : Type} (ls : list S) (lx : list X).

Definition policy := nat -> S -> X -> R.
Definition kernel := nat -> S -> X -> S -> R.
Definition reward := nat -> S -> X -> R.

(** One application of the kernel, and the action value. *)
Definition next (P : kernel) n s a (U : S -> R) : R := mean (P n s a) U ls.
Definition qval (P : kernel) (r : reward) n s a (U : S -> R) : R := r n s a + next P n s a U.

Fixpoint value (pi : policy) (P : kernel) (r : reward) (n : nat) (s : S) : R :=
  match n with
  | O => 0
  | Datatypes.S m => mean (pi m s) (fun a => qval P r m s a (value pi P r m)) lx
  end.

Definition proper (pi : policy) : Prop := forall n s, In s ls -> simplex (pi n s) lx.
Definition stochastic (P : kernel) : Prop :=
  forall n s a, In s ls -> In a lx -> simplex (P n s a) ls.

(** Telescoping: against ANY functions U (U 0 = 0), the value minus U is the expected
    sum of the Bellman residuals of U, i.e. the value of the residuals as a reward. *)
Theorem telescope pi P r (U : nat -> S -> R) : proper pi ->
  (forall s, In s ls -> U 0%nat s = 0) ->
  forall n s, In s ls ->
  value pi P r n s - U n s =
  value pi P (fun m s a => qval P r m s a (U m) - U (Datatypes.S m) s) n s.
Proof.
  intros Hpi HU n. induction n as [|m IH]; intros s Hs; simpl.
  { rewrite HU by assumption. lra. }
  rewrite <- (mean_const (pi m s) (U (Datatypes.S m) s) lx) at 1 by apply (Hpi m s Hs).
  rewrite <- mean_minus. apply mean_ext. intros a Ha. unfold qval, next.
  rewrite (mean_ext (P m s a)
     (value pi P (fun m s a => r m s a + mean (P m s a) (U m) ls - U (Datatypes.S m) s) m)
     (fun s' => value pi P r m s' - U m s') ls) by (intros s' Hs'; symmetry; now apply IH).
  rewrite mean_minus. lra.
Qed.

(** The performance difference of two policies. *)
Corollary performance_difference pi pi' P r : proper pi ->
  forall n s, In s ls ->
  value pi P r n s - value pi' P r n s =
  value pi P (fun m s a => qval P r m s a (value pi' P r m) - value pi' P r (Datatypes.S m) s) n s.
Proof. intros Hpi n s Hs. now apply (telescope pi P r (value pi' P r)). Qed.

(** One policy, two models. *)
Lemma value_ext pi P r r' : (forall m s a, In s ls -> r m s a = r' m s a) ->
  forall n s, In s ls -> value pi P r n s = value pi P r' n s.
Proof.
  intros H n. induction n as [|m IH]; intros s Hs; simpl; [reflexivity|].
  apply mean_ext. intros a _. unfold qval, next. rewrite (H m s a Hs). f_equal.
  apply mean_ext. intros; now apply IH.
Qed.

(** The value is linear in the rewards. *)
Lemma value_plus pi P r r' n s :
  value pi P (fun m s a => r m s a + r' m s a) n s = value pi P r n s + value pi P r' n s.
Proof.
  revert s. induction n as [|m IH]; intros s; simpl; [ring|].
  rewrite <- mean_plus. apply mean_ext. intros a _. unfold qval, next.
  rewrite (mean_ext _ _ (fun t => value pi P r m t + value pi P r' m t)) by (intros; apply IH).
  rewrite mean_plus. ring.
Qed.

Lemma value_opp pi P r n s : value pi P (fun m s a => - r m s a) n s = - value pi P r n s.
Proof.
  revert s. induction n as [|m IH]; intros s; simpl; [ring|].
  rewrite (mean_ext _ _ (fun a => (-1) * qval P r m s a (value pi P r m))); [rewrite mean_scale; ring|].
  intros a _. unfold qval, next.
  rewrite (mean_ext _ _ (fun t => (-1) * value pi P r m t)) by (intros; rewrite IH; ring).
  rewrite mean_scale. ring.
Qed.

(** Rewards only matter up to their average under the policy. *)
Lemma value_ext_mean pi P r r' :
  (forall m s, In s ls -> mean (pi m s) (r m s) lx = mean (pi m s) (r' m s) lx) ->
  forall n s, In s ls -> value pi P r n s = value pi P r' n s.
Proof.
  intros H n. induction n as [|m IH]; intros s Hs; simpl; [reflexivity|].
  unfold qval. rewrite !mean_plus, (H m s Hs). f_equal.
  apply mean_ext. intros a _. apply mean_ext. intros; now apply IH.
Qed.

Corollary simulation pi P P' r r' : proper pi ->
  forall n s, In s ls ->
  value pi P r n s - value pi P' r' n s =
  value pi P (fun m s a => (r m s a - r' m s a)
                 + (next P m s a (value pi P' r' m) - next P' m s a (value pi P' r' m))) n s.
Proof.
  intros Hpi n s Hs. rewrite (telescope pi P r (value pi P' r')) by auto.
  apply value_ext_mean; [|assumption]. clear n s Hs. intros m s Hs. simpl.
  rewrite mean_minus, (mean_const (pi m s)) by apply (Hpi m s Hs).
  rewrite <- (mean_const (pi m s) (mean (pi m s) _ lx)) at 1 by apply (Hpi m s Hs).
  rewrite mean_const by apply (Hpi m s Hs). rewrite <- mean_minus.
  apply mean_ext. intros; unfold qval; ring.
Qed.

(** C7: against any table [U'] of action values and any policy [pi'] (any response, if [pi] and [pi'] are
    products of a prescription and a response), with [W' = <U', pi'>]: the difference of the values is
    the Bellman residuals of [U'], plus what the difference of the policies is worth under [U']. *)
Theorem performance_difference_with_response pi pi' P r (U' : nat -> S -> X -> R) (W' : nat -> S -> R) :
  proper pi -> (forall s, In s ls -> W' 0%nat s = 0) ->
  (forall m s, In s ls -> W' (Datatypes.S m) s = mean (pi' m s) (U' m s) lx) ->
  forall n s, In s ls ->
  W' n s - value pi P r n s =
  value pi P (fun m s a => U' m s a - r m s a - next P m s a (W' m)) n s +
  value pi P (fun m s _ => rsum (fun a => (pi' m s a - pi m s a) * U' m s a) lx) n s.
Proof.
  intros Hpi H0 HW n s Hs. rewrite <- value_plus.
  pose proof (telescope pi P r W' Hpi H0 n s Hs) as T.
  assert (E : W' n s - value pi P r n s =
    value pi P (fun m s a => - (qval P r m s a (W' m) - W' (Datatypes.S m) s)) n s).
  { rewrite value_opp, <- T. ring. }
  rewrite E. apply value_ext_mean; [|assumption]. clear n s Hs T E. intros m s Hs.
  destruct (Hpi m s Hs) as [_ H1].
  rewrite (mean_ext _ (fun a => - (qval P r m s a (W' m) - W' (Datatypes.S m) s))
    (fun a => W' (Datatypes.S m) s - (r m s a + next P m s a (W' m)))) by (intros; unfold qval; ring).
  rewrite mean_minus, mean_plus, mean_const by assumption.
  rewrite mean_plus, mean_minus, mean_minus, mean_const by assumption.
  rewrite HW by assumption.
  rewrite (rsum_ext (fun a => (pi' m s a - pi m s a) * U' m s a) (fun a => pi' m s a * U' m s a - pi m s a * U' m s a))
    by (intros; ring).
  rewrite rsum_minus. unfold mean. ring.
Qed.

(** Bounds follow by positivity. *)
Lemma value_le pi P r c : proper pi -> stochastic P ->
  (forall m s, In s ls -> mean (pi m s) (r m s) lx <= c m) ->
  forall n s, In s ls -> value pi P r n s <= rsum c (seq 0 n).
Proof.
  intros Hpi HP H n. induction n as [|m IH]; intros s Hs; [simpl; lra|].
  rewrite seq_S, rsum_app. simpl. unfold qval. rewrite mean_plus.
  assert (mean (pi m s) (fun a => next P m s a (value pi P r m)) lx <= rsum c (seq 0 m)).
  { apply mean_upper; [now apply Hpi|]. intros a Ha. apply mean_upper; [now apply HP|]. exact IH. }
  specialize (H m s Hs). lra.
Qed.

(** Any U whose average Bellman residual is at most eps is an upper bound up to sum eps. *)
Theorem certificate_upper pi P r (U : nat -> S -> R) eps : proper pi -> stochastic P ->
  (forall s, In s ls -> U 0%nat s = 0) ->
  (forall m s, In s ls ->
     mean (pi m s) (fun a => qval P r m s a (U m)) lx <= U (Datatypes.S m) s + eps m) ->
  forall n s, In s ls -> value pi P r n s <= U n s + rsum eps (seq 0 n).
Proof.
  intros Hpi HP HU H n s Hs.
  assert (E : value pi P r n s - U n s <= rsum eps (seq 0 n)); [|lra].
  rewrite (telescope pi P r U) by assumption. apply value_le; try assumption.
  intros m t Ht. rewrite mean_minus, (mean_const (pi m t)) by apply (Hpi m t Ht).
  specialize (H m t Ht). lra.
Qed.

Theorem certificate_lower pi P r (U : nat -> S -> R) eps : proper pi -> stochastic P ->
  (forall s, In s ls -> U 0%nat s = 0) ->
  (forall m s, In s ls ->
     U (Datatypes.S m) s - eps m <= mean (pi m s) (fun a => qval P r m s a (U m)) lx) ->
  forall n s, In s ls -> U n s - rsum eps (seq 0 n) <= value pi P r n s.
Proof.
  intros Hpi HP HU H n. induction n as [|m IH]; intros s Hs.
  { simpl. rewrite HU by assumption. lra. }
  rewrite seq_S, rsum_app. simpl. specialize (H m s Hs).
  set (E := rsum eps (seq 0 m)) in *.
  assert (mean (pi m s) (fun a => qval P r m s a (U m)) lx - E <=
          mean (pi m s) (fun a => qval P r m s a (value pi P r m)) lx); [|lra].
  rewrite <- (mean_const (pi m s) E lx) by apply (Hpi m s Hs).
  rewrite <- mean_minus. apply mean_le; [apply (Hpi m s Hs)|]. intros a Ha.
  unfold qval, next.
  rewrite <- (mean_const (P m s a) E ls) by apply (HP m s a Hs Ha).
  assert (mean (P m s a) (fun t => U m t - E) ls <= mean (P m s a) (value pi P r m) ls).
  { apply mean_le; [apply (HP m s a Hs Ha)|]. intros; now apply IH. }
  rewrite mean_minus in H0. lra.
Qed.

End Horizon.

(** C8, action values of a follower who looks ahead: what a change of rewards, of transitions and of the
    next values contributes, under one prescription [alpha]. *)
Theorem action_value_difference {A T} (la : list A) (lt : list T) (alpha r r' : A -> R) (P P' : A -> T -> R)
    (V V' : T -> R) gamma :
  mean alpha (fun a => r' a + gamma * mean (P' a) V' lt) la - mean alpha (fun a => r a + gamma * mean (P a) V lt) la =
  mean alpha (fun a => r' a - r a) la
  + gamma * mean alpha (fun a => mean (fun t => P' a t - P a t) V' lt) la
  + gamma * mean alpha (fun a => mean (P a) (fun t => V' t - V t) lt) la.
Proof.
  rewrite <- mean_minus, <- !mean_scale, <- !mean_plus. apply mean_ext. intros a _.
  rewrite mean_minus. unfold mean.
  rewrite (rsum_ext (fun t => (P' a t - P a t) * V' t) (fun t => P' a t * V' t - P a t * V' t)) by (intros; ring).
  rewrite rsum_minus. ring.
Qed.
